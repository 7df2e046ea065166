import { Refused } from "./api";
import type { Words } from "./i18n/en";

/** What the server refused, in the reader's language where it is a thing that happens. */
export function saying(t: Words, e: unknown): string {
  if (!(e instanceof Refused)) return t.failed;
  switch (e.status) {
    case 0:
    case 503:
      return t.offline;
    case 429:
      return t.tooMany;
    default:
      return `${t.failed} ${e.message}`;
  }
}

/** The same about joining a room. */
export function sayingOfRoom(t: Words, e: unknown): string {
  if (!(e instanceof Refused)) return t.failed;
  if (e.status === 403) return e.message.startsWith("Not let into") ? t.turnedAway : t.notInvited;
  if (e.status === 404) return t.noSuchRoom;
  if (e.status === 409 && e.message === "Room is full") return t.roomFull;
  return saying(t, e);
}
