import { ByteBuffer } from "flatbuffers";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withMetadata } from "./model";

test("a model with metadata is the old one behind another root", () => {
  const old = readFileSync("node_modules/@mediapipe/selfie_segmentation/selfie_segmentation.tflite");
  const made = withMetadata(old);
  const told = Buffer.from(made);
  expect(told.subarray(4, 8).toString()).toBe("TFL3");
  expect(told.subarray(-old.length).equals(old)).toBe(true);
  expect((made.length - old.length) % 16).toBe(0);
  const bytes = new ByteBuffer(made);
  const root = bytes.readInt32(0);
  const target = (at: number) => at + bytes.readInt32(at);
  const entry = target(target(root + 24) + 4);
  const name = target(entry + 4);
  expect(told.subarray(name + 4, name + 4 + bytes.readInt32(name)).toString()).toBe("TFLITE_METADATA");
  const buffers = target(root + 20);
  const buffer = target(buffers + 4 + 4 * bytes.readInt32(entry + 8));
  expect(told.subarray(target(buffer + 4) + 8, target(buffer + 4) + 12).toString()).toBe("M001");
});
