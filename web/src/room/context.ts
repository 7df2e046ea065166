import { createContext, useContext } from "react";
import type { Room, Waiting } from "../api";
import type { Session } from "../session";

export type Panel = "chat" | "people" | null;

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
}

export const CallContext = createContext<CallState | null>(null);

export function useCall(): CallState {
  const call = useContext(CallContext);
  if (!call) throw new Error("this is no call");
  return call;
}
