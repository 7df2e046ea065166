import { createContext, useContext } from "react";
import type { Room, Waiting } from "../api";
import type { Session } from "../session";

/** Tells of something, for eyes and for screen readers. */
export type Tell = (text: string, kind?: "news" | "problem") => void;

export type Panel = "chat" | "people" | null;

/** The button that opens a panel. */
export const openerOf = (panel: Panel): string => `open-${panel}`;

/** What everything in a call knows. */
export interface CallState {
  name: string;
  room: Room | null;
  me: Session;
  isHost: boolean;
  panel: Panel;
  setPanel: (panel: Panel) => void;
  view: "grid" | "speaker";
  setView: (view: "grid" | "speaker") => void;
  waiting: Waiting[];
  tell: Tell;
  /** Does something, and tells of it where it fails. */
  attempt: (act: () => Promise<unknown>) => Promise<void>;
}

export const CallContext = createContext<CallState | null>(null);

export function useCall(): CallState {
  const call = useContext(CallContext);
  if (!call) throw new Error("this is no call");
  return call;
}
