/** What the browser counts of one track, at one moment. */
export interface Sample {
  at: number;
  bytes: number;
  packets: number;
  lost: number;
  width: number;
  height: number;
  fps: number;
  jitter: number | undefined;
  roundTrip: number | undefined;
  codec: string | undefined;
}

/** How a track comes through, between two moments. */
export interface Figures {
  kbps: number;
  /** 0 to 100. */
  loss: number;
  width: number;
  height: number;
  fps: number;
  jitterMs: number | undefined;
  roundTripMs: number | undefined;
  codec: string | undefined;
}

type Stat = Record<string, unknown> & { type: string };

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const seconds = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Reads a report of a sender or of a receiver. Layers of one picture are added up; the largest one is its size. */
export function sample(report: Iterable<Stat>): Sample {
  const stats = [...report];
  const streams = stats.filter(({ type }) => type === "inbound-rtp" || type === "outbound-rtp");
  const told = stats.filter(({ type }) => type === "remote-inbound-rtp");
  const pair = stats.find(({ type, nominated, currentRoundTripTime }) => type === "candidate-pair" && nominated && currentRoundTripTime !== undefined);
  const sum = (of: Stat[], ...keys: string[]) => of.reduce((total, stat) => total + keys.reduce((n, key) => n + number(stat[key]), 0), 0);
  const largest = streams.reduce<Stat | undefined>((a, b) => (number(b["frameWidth"]) >= number(a?.["frameWidth"]) ? b : a), undefined);
  const codec = stats.find(({ type, mimeType }) => type === "codec" && mimeType);
  return {
    at: number(streams[0]?.["timestamp"]),
    bytes: sum(streams, "bytesReceived", "bytesSent"),
    packets: sum(streams, "packetsReceived", "packetsSent"),
    lost: sum(streams, "packetsLost") + sum(told, "packetsLost"),
    width: number(largest?.["frameWidth"]),
    height: number(largest?.["frameHeight"]),
    fps: number(largest?.["framesPerSecond"]),
    jitter: seconds(streams.find((stat) => "jitter" in stat)?.["jitter"] ?? told[0]?.["jitter"]),
    roundTrip: seconds(told[0]?.["roundTripTime"] ?? pair?.["currentRoundTripTime"]),
    codec: typeof codec?.["mimeType"] === "string" ? codec["mimeType"].split("/")[1] : undefined,
  };
}

export function figures(before: Sample, now: Sample): Figures {
  const ms = now.at - before.at;
  const lost = Math.max(0, now.lost - before.lost);
  const expected = Math.max(0, now.packets - before.packets) + lost;
  const inMs = (value: number | undefined) => (value === undefined ? undefined : value * 1000);
  return {
    kbps: ms > 0 ? Math.max(0, ((now.bytes - before.bytes) * 8) / ms) : 0,
    loss: expected ? (lost / expected) * 100 : 0,
    width: now.width,
    height: now.height,
    fps: now.fps,
    jitterMs: inMs(now.jitter),
    roundTripMs: inMs(now.roundTrip),
    codec: now.codec,
  };
}
