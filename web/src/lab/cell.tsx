import { LayoutContextProvider, ParticipantTile, RoomContext, TrackLoop, useTracks } from "@livekit/components-react";
import { Room, RoomEvent, Track } from "livekit-client";
import { useEffect, useState } from "react";
import type { Ticket } from "../api";
import { useLanguage, useWords } from "../i18n";
import { Icon } from "../parts/icon";
import { Face } from "../room/face";
import { counter, type Counts } from "./counts";
import { fake } from "./fake";

export interface Member {
  number: number;
  name: string;
  ticket: Ticket;
  isFake: boolean;
}

/** One participant: its own connection, and what it sees. */
export function Cell({ member, onKill }: { member: Member; onKill: () => void }) {
  const t = useWords();
  const [room] = useState(() => new Room({ adaptiveStream: true, dynacast: true }));
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    room.on(RoomEvent.Disconnected, () => setGone(true));
    const stop = take(room, member);
    return () => {
      stop();
      room.removeAllListeners();
      void room.disconnect();
    };
  }, [room, member]);
  return (
    <li className="card cell">
      <header>
        <strong>{member.name}</strong>
        {isGone && <span className="tag">{t.participantGone}</span>}
        <button type="button" className="small" aria-label={`${t.kill}: ${member.name}`} onClick={onKill}>
          <Icon name="close" />
          {t.kill}
        </button>
      </header>
      <RoomContext value={room}>
        <LayoutContextProvider>
          <Others />
        </LayoutContextProvider>
      </RoomContext>
      <Figures room={room} />
    </li>
  );
}

/** All of them: the usual grid would have pages in so little room. */
function Others() {
  const tracks = useTracks([{ source: Track.Source.Camera, withPlaceholder: true }], { onlySubscribed: false });
  return (
    <div className="cell-grid">
      <TrackLoop tracks={tracks}>
        <ParticipantTile>
          <Face />
        </ParticipantTile>
      </TrackLoop>
    </div>
  );
}

/** Into the room with a picture and a sound; the returned function takes them away. */
function take(room: Room, { ticket, isFake, name, number }: Member): () => void {
  const made = isFake ? fake(name, number) : undefined;
  const enter = async () => {
    await room.connect(ticket.url, ticket.token);
    const me = room.localParticipant;
    if (!made) return me.enableCameraAndMicrophone();
    await me.publishTrack(made.video, { source: Track.Source.Camera });
    await me.publishTrack(made.audio, { source: Track.Source.Microphone });
  };
  // A room that cannot be entered is shown as one that was left.
  void enter().catch(() => room.emit(RoomEvent.Disconnected));
  return () => made?.stop();
}

function Figures({ room }: { room: Room }) {
  const t = useWords();
  const { language } = useLanguage();
  const [counts, setCounts] = useState<Counts>();
  useEffect(() => {
    const look = counter(room);
    const timer = setInterval(() => void look().then(setCounts), 1000);
    return () => clearInterval(timer);
  }, [room]);
  if (!counts) return <p className="hint cell-figures">…</p>;
  const say = (n: number, digits = 0) => n.toLocaleString(language, { maximumFractionDigits: digits });
  const parts = [
    t.sees(counts.sees, counts.of),
    `${t.sends} ${say(counts.sendsKbps)} kbit/s`,
    `${t.gets} ${say(counts.getsKbps)} kbit/s`,
    `${t.loss} ${say(counts.loss, 1)} %`,
    counts.roundTripMs === undefined ? "" : `${t.roundTrip} ${say(counts.roundTripMs)} ms`,
  ];
  return <p className="hint cell-figures">{parts.filter(Boolean).join(" · ")}</p>;
}
