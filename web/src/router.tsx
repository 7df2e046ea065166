import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";

/** Where the client is: a path of the server's list of pages, and the room in it. */
export interface Place {
  path: string;
  room: string | null;
  next: string | null;
}

/** The server's pages; it sends the client for any other address as well, and says 404. */
export const pages = ["/", "/login", "/meeting/pre-join", "/meeting/invite", "/meeting/room", "/lab"];

const MOVED = "urbania:moved";

export function go(to: string, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  dispatchEvent(new Event(MOVED));
  scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
  for (const event of ["popstate", MOVED]) addEventListener(event, listener);
  return () => {
    for (const event of ["popstate", MOVED]) removeEventListener(event, listener);
  };
}

const address = () => location.pathname + location.search;

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(subscribe, address));
}

export function placeOf(address: string): Place {
  const url = new URL(address, "http://here");
  const room = url.searchParams.get("room");
  return { path: url.pathname, room: room?.trim() || null, next: ownPath(url.searchParams.get("next")) };
}

/** A path on this server, and nothing that leads elsewhere. */
export function ownPath(next: string | null): string | null {
  if (!next?.startsWith("/")) return null;
  const url = new URL(next, "http://here");
  return url.origin === "http://here" ? url.pathname + url.search : null;
}

export const toRoom = (page: "room" | "invite", name: string) => `/meeting/${page}?room=${encodeURIComponent(name)}`;

/** The name of a room, from its name or from any link to it. */
export function roomIn(text: string): string {
  const trimmed = text.trim();
  if (!/^https?:\/\//.test(trimmed)) return trimmed;
  try {
    return new URL(trimmed).searchParams.get("room")?.trim() ?? "";
  } catch {
    return "";
  }
}

/** A link within the client. */
export function Link({ href, children, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
