import type { Room } from "livekit-client";
import { figures, sample, type Sample } from "../room/figures";

/** What one participant sends and gets, between two moments. */
export interface Counts {
  sendsKbps: number;
  getsKbps: number;
  /** 0 to 100, of what it gets. */
  loss: number;
  roundTripMs: number | undefined;
  /** Of how many others pictures arrive, and how many there are. */
  sees: number;
  of: number;
}

type Samples = Map<string, { sample: Sample; isOwn: boolean; isPicture: boolean }>;

/** Counts every track of a room; called again, it tells what happened since. */
export function counter(room: Room): () => Promise<Counts> {
  let before: Samples = new Map();
  return async () => {
    const now = await samples(room);
    const counts = count(before, now, room.remoteParticipants.size);
    before = now;
    return counts;
  };
}

async function samples(room: Room): Promise<Samples> {
  const found: Samples = new Map();
  for (const participant of [room.localParticipant, ...room.remoteParticipants.values()]) {
    for (const { track, trackSid, kind } of participant.trackPublications.values()) {
      const report = await track?.getRTCStatsReport();
      if (!report) continue;
      found.set(trackSid, { sample: sample(report.values()), isOwn: participant.isLocal, isPicture: kind === "video" });
    }
  }
  return found;
}

export function count(before: Samples, now: Samples, of: number): Counts {
  const counts: Counts = { sendsKbps: 0, getsKbps: 0, loss: 0, roundTripMs: undefined, sees: 0, of };
  for (const [sid, { sample, isOwn, isPicture }] of now) {
    const then = before.get(sid);
    if (!then) continue;
    const { kbps, loss, fps, roundTripMs } = figures(then.sample, sample);
    counts.roundTripMs ??= roundTripMs;
    if (isOwn) counts.sendsKbps += kbps;
    else {
      counts.getsKbps += kbps;
      counts.loss = Math.max(counts.loss, loss);
      if (isPicture && fps > 0) counts.sees += 1;
    }
  }
  return counts;
}
