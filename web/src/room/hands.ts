import type { Participant } from "livekit-client";

/** The attribute that the server sets: since when the hand is up. */
export const HAND = "urbania.hand";

type Attributed = Pick<Participant, "attributes">;

export const handOf = (participant: Attributed): string => participant.attributes[HAND] ?? "";

/** Raised hands first, the first one on top; then as they came. */
export function byHand<T extends Attributed>(participants: readonly T[]): T[] {
  const up = participants.filter(handOf).toSorted((a, b) => (handOf(a) < handOf(b) ? -1 : 1));
  return [...up, ...participants.filter((participant) => !handOf(participant))];
}

/** How somebody is called. */
export const nameOf = (participant: Pick<Participant, "name" | "identity">): string => participant.name || participant.identity;
