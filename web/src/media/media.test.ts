import { expect, test } from "vitest";
import { understood, usual } from "./choices";
import { loudness } from "./level";
import { troubleOf } from "./preview";

test("silence is nothing, a shout is everything, and in between it is heard in decibels", () => {
  const at = (volume: number) => loudness(new Float32Array(512).map((_, i) => volume * (i % 2 ? 1 : -1)));
  expect(at(0)).toBe(0);
  expect(at(1)).toBe(1);
  expect(at(0.01)).toBeCloseTo(0.4, 2);
  expect(at(0.1)).toBeGreaterThan(at(0.01));
  expect(loudness(new Float32Array())).toBe(0);
});

test("what an older client kept is understood as far as it goes", () => {
  expect(understood({ audio: false, camera: "c", microphone: 7 })).toEqual({ ...usual, audio: false, camera: "c" });
  for (const nonsense of [null, "x", 3, []]) expect(understood(nonsense)).toEqual(usual);
});

test("a device that is not there is told from one that may not be used", () => {
  const kind = (name: string) => troubleOf(new DOMException("", name));
  expect(["NotAllowedError", "NotFoundError", "NotReadableError", "InsecureError"].map(kind)).toEqual(["denied", "missing", "busy", "insecure"]);
  expect(troubleOf(new Error("x"))).toBe("missing");
});
