import { expect, test } from "vitest";
import { ownPath, placeOf, roomIn, toRoom } from "./router";

test("a place is a path and a room, and leads nowhere else", () => {
  expect(placeOf("/meeting/room?room=the%20daily")).toEqual({ path: "/meeting/room", room: "the daily", next: null });
  expect(placeOf("/meeting/room?room=%20")).toMatchObject({ room: null });
  expect(placeOf("/login?next=%2Fmeeting%2Finvite%3Froom%3Da%2526b")).toMatchObject({ next: "/meeting/invite?room=a%26b" });
  for (const elsewhere of ["//example.com/", "https://example.com", "/\\example.com", "javascript:alert(1)", "", null]) {
    expect(ownPath(elsewhere)).toBeNull();
  }
});

test("a link to a room is a way to its name", () => {
  const name = "a&b=c/ü #1";
  expect(roomIn(`https://meet.example.com${toRoom("invite", name)}`)).toBe(name);
  expect(roomIn(`  ${name} `)).toBe(name);
  expect(roomIn("https://example.com/")).toBe("");
  expect(roomIn("http://[")).toBe("");
});
