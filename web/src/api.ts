import { session, type Session } from "./session";

/** A meeting as the server shows it. */
export interface Room {
  room_name: string;
  created_by: string;
  created_at: string;
  call_type: "audio" | "video";
  mode: "call" | "webinar";
  participants: string[];
  active_participants: string[];
  status: "created" | "active" | "ended";
  max_participants: number;
  lobby?: boolean;
}

/** `invite` has the names that people sign in with. */
export type NewRoom = Pick<Room, "room_name" | "participants" | "call_type" | "mode"> & { lobby: boolean; invite: string[] };

/** What opens the door of a room at the SFU. */
export interface Ticket {
  token: string;
  url: string;
}

export interface InCall {
  identity: string;
  name: string;
}

export interface Waiting {
  id: string;
  username: string;
}

/** The server said no, or nothing: then the status is 0. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

interface Options {
  token?: string | null | undefined;
  body?: unknown;
  /** Sent although the page is closed. */
  keepalive?: boolean;
}

async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const { token = session.get()?.token, body, keepalive = false } = options;
  const headers: Record<string, string> = {};
  if (token) headers["authorization"] = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const request: RequestInit = { method, headers, keepalive, cache: "no-store" };
  if (body !== undefined) request.body = JSON.stringify(body);
  const answer = await fetch(path, request).catch(() => {
    throw new Refused(0, "no answer");
  });
  const text = await answer.text();
  if (!answer.ok) throw new Refused(answer.status, detail(text));
  return (text ? JSON.parse(text) : undefined) as T;
}

/** FastAPI's `detail`: a sentence, or a list of what is wrong with each field. */
export function detail(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === "string") return detail;
    if (Array.isArray(detail)) return detail.map((item: { msg?: unknown }) => String(item.msg)).join("; ");
  } catch {
    // A proxy's page, say.
  }
  return text.slice(0, 200);
}

const room = (name: string, ...rest: string[]) =>
  ["/api/livekit/rooms", name, ...rest].map((part, i) => (i ? encodeURIComponent(part) : part)).join("/");

/** A session of a user; who has it is for the caller to say. */
export const logIn = (username: string, password: string) => sessionBy("/api/auth/login", { username, password });

/** The session that a one-time link leads to. The code is spent. */
export const followLink = (code: string) => sessionBy("/api/auth/links/follow", { code });

async function sessionBy(path: string, body: unknown): Promise<Session> {
  interface Answer {
    access_token: string;
    expires_in: number;
  }
  const answer = await call<Answer>("POST", path, { body, token: null });
  const token = answer.access_token;
  const me = await call<{ id: string; username: string }>("GET", "/api/auth/me", { token });
  return { token, id: me.id, username: me.username, until: Date.now() + answer.expires_in * 1000 };
}

export const rooms = {
  mine: () => call<Room[]>("GET", "/api/livekit/rooms"),
  make: (wanted: NewRoom) => call<Room>("POST", "/api/livekit/rooms", { body: wanted }),
  get: (name: string) => call<Room>("GET", room(name)),
  end: (name: string) => call<void>("DELETE", room(name)),
  leave: (name: string) => call<Room>("POST", room(name, "leave"), { keepalive: true }),
  people: (name: string) => call<InCall[]>("GET", room(name, "participants")),
  waiting: (name: string) => call<Waiting[]>("GET", room(name, "waiting")),
  letIn: (name: string, id: string) => call<void>("PUT", room(name, "waiting", id)),
  turnAway: (name: string, id: string) => call<void>("DELETE", room(name, "waiting", id)),
};

export const people = {
  remove: (name: string, who: string) => call<void>("DELETE", room(name, "participants", who)),
  mute: (name: string, who: string, track_sid: string) =>
    call<void>("POST", room(name, "participants", who, "mute"), { body: { track_sid } }),
  letSpeak: (name: string, who: string) => call<void>("PUT", room(name, "participants", who, "speaker")),
  letListen: (name: string, who: string) => call<void>("DELETE", room(name, "participants", who, "speaker")),
  raiseHand: (name: string, who: string) => call<void>("PUT", room(name, "participants", who, "hand")),
  lowerHand: (name: string, who: string) => call<void>("DELETE", room(name, "participants", who, "hand")),
};

/** A ticket, or `null`: whoever made the room has to let the caller in first. */
export async function join(name: string, as: Session): Promise<Ticket | null> {
  const { token } = as;
  try {
    const answer = await call<Partial<Ticket>>("POST", room(name, "join"), { token });
    return answer.token && answer.url ? { token: answer.token, url: answer.url } : null;
  } catch (e) {
    if (!(e instanceof Refused) || e.status !== 404) throw e;
  }
  // Nobody made it: where the SFU makes rooms by itself it can be joined all the same.
  const body = { room_name: name, user_id: as.id, username: as.username };
  return call<Ticket>("POST", "/api/livekit/token", { body, token });
}

/** A ticket without a login, where the server is set up for development. */
export async function sandbox(roomName: string, participantName: string): Promise<Ticket> {
  interface Answer {
    serverUrl: string;
    participantToken: string;
  }
  const body = { roomName, participantName };
  const answer = await call<Answer>("POST", "/api/connection-details", { body, token: null });
  return { url: answer.serverUrl, token: answer.participantToken };
}
