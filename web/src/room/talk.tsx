import { useChat } from "@livekit/components-react";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useWords } from "../i18n";
import { useCall } from "./context";
import { nameOf } from "./hands";

interface Talk extends Pick<ReturnType<typeof useChat>, "chatMessages" | "send" | "isSending"> {
  /** How many messages of others came while nobody looked. */
  unread: number;
}

const TalkContext = createContext<Talk | null>(null);

/** Keeps what is written in a call, whether somebody looks at it or not, and tells of what nobody looks at. */
export function Talking({ children }: { children: ReactNode }) {
  const t = useWords();
  const { panel, tell } = useCall();
  const { chatMessages, send, isSending } = useChat();
  const isOpen = panel === "chat";
  const { length } = chatMessages;
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (isOpen) setSeen(length);
  }, [isOpen, length]);
  const fresh = isOpen ? [] : chatMessages.slice(seen).filter(({ from }) => !from?.isLocal);
  const unread = fresh.length;
  const last = fresh.at(-1);
  useEffect(() => {
    if (last) tell(t.wrote(last.from ? nameOf(last.from) : "…"));
    // Another language is no news.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [last?.id]);
  const talk = useMemo(() => ({ chatMessages, send, isSending, unread }), [chatMessages, send, isSending, unread]);
  return <TalkContext value={talk}>{children}</TalkContext>;
}

export function useTalk(): Talk {
  const talk = useContext(TalkContext);
  if (!talk) throw new Error("nobody talks here");
  return talk;
}
