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

/** The same about making a room. */
export function sayingOfNewRoom(t: Words, e: unknown): string {
  if (!(e instanceof Refused)) return t.failed;
  if (e.status === 409) return t.nameTaken;
  const [, names] = e.message.match(/^Nobody is called (.*)/) ?? [];
  return names ? t.nobodyCalled(names) : saying(t, e);
}

/** The same about joining a room. */
export function sayingOfRoom(t: Words, e: unknown): string {
  if (!(e instanceof Refused)) return t.failed;
  if (e.status === 403) return e.message.startsWith("Not let into") ? t.turnedAway : t.notInvited;
  if (e.status === 404) return t.noSuchRoom;
  if (e.status === 409) return e.message.startsWith("You are in") ? t.inAlready : t.roomFull;
  return saying(t, e);
}
