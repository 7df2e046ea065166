import { afterEach, expect, test, vi } from "vitest";

vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: vi.fn(), removeItem: vi.fn() });
const { detail, join, people, Refused } = await import("./api");

const me = { token: "the session", id: "1", username: "ada", until: Infinity };

function answers(...queue: [number, unknown][]) {
  const fetched = vi.fn(async (_path: string, _request: RequestInit) => {
    const [status, body] = queue.shift() ?? [500, {}];
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

test("joining gives a ticket, a place in the waiting room, or a reason", async () => {
  answers([200, { token: "t", url: "ws://sfu", room_name: "r" }]);
  expect(await join("r", me)).toEqual({ token: "t", url: "ws://sfu" });
  answers([202, { status: "waiting" }]);
  expect(await join("r", me)).toBeNull();
  answers([403, { detail: "Not invited to this room" }]);
  await expect(join("r", me)).rejects.toMatchObject({ status: 403, message: "Not invited to this room" });
});

test("a room that nobody made is asked for by name", async () => {
  const fetched = answers([404, { detail: "Room not found" }], [200, { token: "t", url: "u" }]);
  await join("a/b", me);
  expect(fetched.mock.calls.map(([path]) => path)).toEqual(["/api/livekit/rooms/a%2Fb/join", "/api/livekit/token"]);
  const request = fetched.mock.calls[1]?.[1];
  expect(request?.headers).toMatchObject({ authorization: "Bearer the session" });
  expect(request?.body).toBe('{"room_name":"a/b","user_id":"1","username":"ada"}');
});

test("names in paths cannot lead elsewhere, and no body is no answer to read", async () => {
  const fetched = answers([204, null]);
  expect(await people.mute("a?b", "../x", "TR_1")).toBeUndefined();
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/livekit/rooms/a%3Fb/participants/..%2Fx/mute");
});

test("a server that does not answer is told from one that refuses", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
  await expect(join("r", me)).rejects.toEqual(new Refused(0, "no answer"));
});

test("what is wrong is found in every shape of an answer", () => {
  expect(detail('{"detail":"no"}')).toBe("no");
  expect(detail('{"detail":[{"msg":"one"},{"msg":"two"}]}')).toBe("one; two");
  expect(detail("<html>")).toBe("<html>");
});
