// MediaPipe's older model of a person, with what its newer tasks want to know of it: how a pixel becomes a number.
import { Builder, ByteBuffer } from "flatbuffers";

/** Pixels are fed from 0 to 1: mean 0, deviation 1. Tables and fields are those of TensorFlow Lite's metadata schema. */
function metadata(): Uint8Array {
  const b = new Builder(256);
  const floats = (value: number) => {
    b.startVector(4, 1, 4);
    b.addFloat32(value);
    return b.endVector();
  };
  const table = (fields: number, write: () => void) => {
    b.startObject(fields);
    write();
    return b.endObject();
  };
  const list = (offset: number) => {
    b.startVector(4, 1, 4);
    b.addOffset(offset);
    return b.endVector();
  };
  const [mean, deviation] = [floats(0), floats(1)];
  const normalization = table(2, () => (b.addFieldOffset(0, mean, 0), b.addFieldOffset(1, deviation, 0)));
  const unit = table(2, () => (b.addFieldInt8(0, 1, 0), b.addFieldOffset(1, normalization, 0)));
  const units = list(unit);
  const input = table(7, () => b.addFieldOffset(4, units, 0));
  const output = table(7, () => undefined);
  const [inputs, outputs] = [list(input), list(output)];
  const subgraph = table(8, () => (b.addFieldOffset(2, inputs, 0), b.addFieldOffset(3, outputs, 0)));
  const subgraphs = list(subgraph);
  b.finish(table(8, () => b.addFieldOffset(3, subgraphs, 0)), "M001");
  return b.asUint8Array();
}

/** Fields of a model; the sixth, which few have, is left out, the seventh is the metadata. */
const [VERSION, OPERATORS, SUBGRAPHS, DESCRIPTION, BUFFERS] = [0, 1, 2, 3, 4] as const;

/**
 * The model behind a new root. Offsets count forward from where they stand: what is there is not touched, and the new root
 * in front of it points into it.
 */
export function withMetadata(model: Uint8Array): Uint8Array {
  const old = new ByteBuffer(model);
  const root = old.readInt32(0);
  const vtable = root - old.readInt32(root);
  const field = (id: number) => {
    const at = 4 + 2 * id < old.readInt16(vtable) ? old.readInt16(vtable + 4 + 2 * id) : 0;
    return at ? root + at : 0;
  };
  const target = (at: number) => at + old.readInt32(at);
  const buffers = target(field(BUFFERS));
  const count = old.readInt32(buffers);
  const said = metadata();
  const name = new TextEncoder().encode("TFLITE_METADATA\0");

  // Where each new part stands.
  const at = { vtable: 8, root: 28, list: 56, entry: 64, buffers: 0, buffer: 0, name: 0, said: 0, old: 0 };
  const align = (n: number, to: number) => Math.ceil(n / to) * to;
  at.entry = at.list + 8;
  at.name = at.entry + 20;
  at.buffers = align(at.name + 4 + name.length, 4);
  at.buffer = at.buffers + 4 + 4 * (count + 1);
  at.said = align(at.buffer + 16, 16) + 12;
  at.old = align(at.said + 4 + said.length, 16);
  const bytes = new Uint8Array(at.old + model.length);
  const view = new DataView(bytes.buffer);
  const u32 = (where: number, value: number) => view.setUint32(where, value, true);
  const u16 = (where: number, ...values: number[]) => values.forEach((value, i) => view.setUint16(where + 2 * i, value, true));
  const point = (where: number, to: number) => u32(where, to - where);

  u32(0, at.root);
  bytes.set(new TextEncoder().encode("TFL3"), 4);
  // Seven fields, of which the sixth is not there.
  u16(at.vtable, 18, 28, 4, 8, 12, 16, 20, 0, 24);
  u32(at.root, at.root - at.vtable);
  u32(at.root + 4, old.readInt32(field(VERSION)));
  point(at.root + 8, at.old + target(field(OPERATORS)));
  point(at.root + 12, at.old + target(field(SUBGRAPHS)));
  point(at.root + 16, at.old + target(field(DESCRIPTION)));
  point(at.root + 20, at.buffers);
  point(at.root + 24, at.list);
  // One entry: a name and the number of a buffer.
  u32(at.list, 1);
  point(at.list + 4, at.entry + 8);
  u16(at.entry, 8, 12, 4, 8);
  u32(at.entry + 8, 8);
  point(at.entry + 12, at.name);
  u32(at.entry + 16, count);
  u32(at.name, name.length - 1);
  bytes.set(name, at.name + 4);
  u32(at.buffers, count + 1);
  for (let i = 0; i < count; i += 1) point(at.buffers + 4 + 4 * i, at.old + target(buffers + 4 + 4 * i));
  point(at.buffers + 4 + 4 * count, at.buffer + 8);
  // The new buffer: one field, bytes.
  u16(at.buffer, 6, 8, 4, 0);
  u32(at.buffer + 8, 8);
  point(at.buffer + 12, at.said);
  u32(at.said, said.length);
  bytes.set(said, at.said + 4);
  bytes.set(model, at.old);
  return bytes;
}
