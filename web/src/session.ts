/** Who is signed in, in memory and for this tab alone: a session is in no address and outlives no window. */
export interface Session {
  token: string;
  id: string;
  username: string;
  /** Milliseconds since 1970. */
  until: number;
}

const KEY = "urbania.session";

type Listener = () => void;

let current: Session | null = read();
const listeners = new Set<Listener>();

export const session = {
  get(): Session | null {
    if (current && current.until <= Date.now()) session.end();
    return current;
  },
  begin(next: Session) {
    current = next;
    sessionStorage.setItem(KEY, JSON.stringify(next));
    tell();
  },
  end() {
    current = null;
    sessionStorage.removeItem(KEY);
    tell();
  },
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

function tell() {
  for (const listener of listeners) listener();
}

function read(): Session | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return isSession(kept) ? kept : null;
  } catch {
    return null;
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== "object" || value === null) return false;
  const { token, id, username, until } = value as Record<string, unknown>;
  return [token, id, username].every((text) => typeof text === "string") && typeof until === "number";
}
