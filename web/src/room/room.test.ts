import { MediaDeviceFailure } from "livekit-client";
import { expect, test } from "vitest";
import { en } from "../i18n/en";
import { count } from "../lab/counts";
import { pitch } from "../lab/fake";
import { initials, tint } from "../parts/shell";
import { backgroundOf } from "./background";
import { sayingOfDevice } from "./devices";
import { figures, sample } from "./figures";
import { byHand, HAND } from "./hands";

const inbound = (over: object) => ({ type: "inbound-rtp", timestamp: 0, bytesReceived: 0, packetsReceived: 0, packetsLost: 0, ...over });

test("figures are of the time between two samples", () => {
  const before = sample([inbound({ bytesReceived: 1000, packetsReceived: 10 })]);
  const now = sample([
    inbound({ timestamp: 2000, bytesReceived: 26_000, packetsReceived: 85, packetsLost: 25, frameWidth: 640, frameHeight: 360, framesPerSecond: 24, jitter: 0.004 }),
    { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.02 },
    { type: "codec", mimeType: "video/VP8" },
  ]);
  expect(figures(before, now)).toEqual({ kbps: 100, loss: 25, width: 640, height: 360, fps: 24, jitterMs: 4, roundTripMs: 20, codec: "VP8" });
});

test("layers of one picture are added up, and what the other side lost counts", () => {
  const layer = (width: number, bytesSent: number) => ({ type: "outbound-rtp", timestamp: 1000, bytesSent, packetsSent: 10, frameWidth: width, frameHeight: 1, framesPerSecond: 20 });
  const { bytes, packets, lost, width } = sample([layer(320, 1), layer(1280, 2), layer(640, 4), { type: "remote-inbound-rtp", packetsLost: 3 }]);
  expect({ bytes, packets, lost, width }).toEqual({ bytes: 7, packets: 30, lost: 3, width: 1280 });
});

test("two samples at once, or counters that begin again, give no nonsense", () => {
  const some = sample([inbound({ timestamp: 5, bytesReceived: 10 })]);
  expect(figures(some, some)).toMatchObject({ kbps: 0, loss: 0 });
  expect(figures(some, sample([inbound({ timestamp: 9 })]))).toMatchObject({ kbps: 0, loss: 0 });
  expect(figures(sample([]), sample([]))).toMatchObject({ kbps: 0, loss: 0, roundTripMs: undefined });
});

test("a participant sees those whose pictures arrive", () => {
  const picture = (timestamp: number, framesPerSecond: number) => ({ sample: sample([inbound({ timestamp, framesPerSecond, bytesReceived: timestamp })]), isOwn: false, isPicture: true });
  const before = new Map([["a", picture(0, 20)], ["b", picture(0, 20)]]);
  const now = new Map([["a", picture(1000, 20)], ["b", picture(1000, 0)], ["c", picture(1000, 20)]]);
  expect(count(before, now, 3)).toMatchObject({ sees: 1, of: 3, getsKbps: 16, sendsKbps: 0 });
});

test("hands are in the order in which they went up, above those who keep theirs down", () => {
  const who = (name: string, since?: string) => ({ name, attributes: since ? { [HAND]: since } : {} });
  const sorted = byHand([who("a"), who("b", "2026-01-01T10:00:01.000Z"), who("c"), who("d", "2026-01-01T10:00:00.000Z")]);
  expect(sorted.map(({ name }) => name).join("")).toBe("dbac");
});

test("everybody has initials, a colour, and in the lab a tone", () => {
  expect(["ada lovelace", "bob", "", "é.à.ü", "日本"].map(initials)).toEqual(["AL", "B", "?", "ÉÜ", "日"]);
  for (const name of ["", "x", "a very long name indeed"]) expect([0, 1, 2, 3, 4, 5]).toContain(tint(name));
  expect(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8].map(pitch)).size).toBe(9);
});

test("a background is recognised by its processor, whichever of them it is", () => {
  const of = (name?: string) => backgroundOf({ getProcessor: () => (name ? { name } : undefined) } as Parameters<typeof backgroundOf>[0]);
  expect([of("dusk"), of("blur"), of(), of("something else")]).toEqual(["dusk", "blur", "none", "none"]);
});

test("a device that cannot start is named with the reason", () => {
  const said = (name: string) => sayingOfDevice(en, "Camera", MediaDeviceFailure.getFailure({ name }));
  expect(["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError"].map(said)).toEqual([
    "Camera: the browser does not let this page use it.",
    "Camera: none was found.",
    "Camera: another program is using it.",
    "Camera: it cannot be started.",
  ]);
});
