import { useConnectionState, useRoomContext } from "@livekit/components-react";
import { ConnectionState, RoomEvent, type Participant } from "livekit-client";
import { useEffect, useState } from "react";
import { useWords } from "../i18n";
import { useCall } from "./context";
import { HAND, nameOf } from "./hands";

interface Item {
  id: number;
  text: string;
}

/** How long it is shown. */
const SHOWN = 5000;

let count = 0;

/** What just happened, for eyes and for screen readers. */
export function News() {
  const t = useWords();
  const { waiting } = useCall();
  const items = useNews();
  const isBack = useConnectionState();
  const isLost = isBack === ConnectionState.Reconnecting || isBack === ConnectionState.SignalReconnecting;
  return (
    <div className="news" role="status" aria-live="polite">
      {isLost && <p className="warn">{t.reconnecting}</p>}
      {waiting.length > 0 && <p>{`${t.wantIn}: ${waiting.map((who) => who.username).join(", ")}`}</p>}
      {items.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}

function useNews(): Item[] {
  const t = useWords();
  const room = useRoomContext();
  const [items, setItems] = useState<Item[]>([]);
  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const tell = (text: string) => {
      const item = { id: (count += 1), text };
      setItems((items) => [...items.slice(-2), item]);
      timers.add(setTimeout(() => setItems((items) => items.filter(({ id }) => id !== item.id)), SHOWN));
    };
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
      for (const timer of timers) clearTimeout(timer);
      room.off(RoomEvent.ParticipantConnected, came).off(RoomEvent.ParticipantDisconnected, went);
      room.off(RoomEvent.ParticipantAttributesChanged, changed).off(RoomEvent.ParticipantPermissionsChanged, allowed);
      room.off(RoomEvent.Reconnected, back);
    };
  }, [room, t]);
  return items;
}
