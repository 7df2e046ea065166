import { useConnectionState, useRoomContext } from "@livekit/components-react";
import { ConnectionState, RoomEvent, type Participant } from "livekit-client";
import { useCallback, useEffect, useRef, useState } from "react";
import { useWords } from "../i18n";
import { useCall, type Tell } from "./context";
import { HAND, nameOf } from "./hands";

export interface Item {
  id: number;
  text: string;
  kind: "news" | "problem";
}

/** How long it is shown; what went wrong takes longer to read. */
const SHOWN = { news: 5000, problem: 10_000 };

let count = 0;

/** What is told in a call. What is shown already is not shown twice. */
export function useItems(): { items: Item[]; tell: Tell } {
  const [items, setItems] = useState<Item[]>([]);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => running.forEach(clearTimeout);
  }, []);
  const tell = useCallback<Tell>((text, kind = "news") => {
    const item = { id: (count += 1), text, kind };
    setItems((items) => (items.some((shown) => shown.text === text) ? items : [...items.slice(-2), item]));
    timers.current.add(setTimeout(() => setItems((items) => items.filter(({ id }) => id !== item.id)), SHOWN[kind]));
  }, []);
  return { items, tell };
}

/** What just happened, for eyes and for screen readers. */
export function News({ items }: { items: Item[] }) {
  const t = useWords();
  const { waiting } = useCall();
  useNews();
  const isBack = useConnectionState();
  const isLost = isBack === ConnectionState.Reconnecting || isBack === ConnectionState.SignalReconnecting;
  return (
    <div className="news" role="status" aria-live="polite">
      {isLost && <p className="warn">{t.reconnecting}</p>}
      {waiting.length > 0 && <p>{`${t.wantIn}: ${waiting.map((who) => who.username).join(", ")}`}</p>}
      {items.map(({ id, text, kind }) => (
        <p key={id} className={kind === "problem" ? kind : ""}>
          {text}
        </p>
      ))}
    </div>
  );
}

function useNews() {
  const t = useWords();
  const room = useRoomContext();
  const { tell } = useCall();
  useEffect(() => {
    const came = (who: Participant) => tell(t.cameIn(nameOf(who)));
    const went = (who: Participant) => tell(t.wentOut(nameOf(who)));
    const changed = (change: Record<string, string>, who: Participant) => {
      if (change[HAND] && !who.isLocal) tell(t.handUp(nameOf(who)));
    };
    const allowed = (before: { canPublish?: boolean } | undefined, who: Participant) => {
      const may = who.permissions?.canPublish;
      if (who.isLocal && before && before.canPublish !== may) tell(may ? t.mayspeak : t.maylisten);
    };
    const back = () => tell(t.reconnected);
    room.on(RoomEvent.ParticipantConnected, came).on(RoomEvent.ParticipantDisconnected, went);
    room.on(RoomEvent.ParticipantAttributesChanged, changed).on(RoomEvent.ParticipantPermissionsChanged, allowed);
    room.on(RoomEvent.Reconnected, back);
    return () => {
      room.off(RoomEvent.ParticipantConnected, came).off(RoomEvent.ParticipantDisconnected, went);
      room.off(RoomEvent.ParticipantAttributesChanged, changed).off(RoomEvent.ParticipantPermissionsChanged, allowed);
      room.off(RoomEvent.Reconnected, back);
    };
  }, [room, t, tell]);
}
