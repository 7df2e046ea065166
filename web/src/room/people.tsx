import { useIsMuted, useParticipantAttributes, useParticipants } from "@livekit/components-react";
import { ParticipantEvent, RoomEvent, Track, type Participant } from "livekit-client";
import { useEffect, useReducer } from "react";
import { people, rooms } from "../api";
import { useWords } from "../i18n";
import { CopyButton } from "../parts/copy";
import { Icon } from "../parts/icon";
import { Initials } from "../parts/shell";
import { toRoom } from "../router";
import { SidePanel } from "./chat";
import { useCall } from "./context";
import { byHand, handOf, nameOf } from "./hands";

const changes = [RoomEvent.ParticipantAttributesChanged, RoomEvent.ParticipantPermissionsChanged, RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected];

export function PeoplePanel() {
  const t = useWords();
  const { name } = useCall();
  const participants = useParticipants({ updateOnlyOn: changes });
  return (
    <SidePanel title={`${t.participants} · ${participants.length}`}>
      <WaitingList />
      <ul className="people">
        {byHand(participants).map((participant) => (
          <Person key={participant.identity} participant={participant} />
        ))}
      </ul>
      <CopyButton className="wide" text={location.origin + toRoom("invite", name)} label={t.inviteOthers} />
    </SidePanel>
  );
}

function WaitingList() {
  const t = useWords();
  const { name, waiting, attempt } = useCall();
  if (!waiting.length) return null;
  return (
    <section className="waiting">
      <h3>{t.wantIn}</h3>
      <ul className="people">
        {waiting.map(({ id, username }) => (
          <li key={id}>
            <Initials name={username} />
            <span className="person">{username || id}</span>
            <button type="button" className="small primary" aria-label={`${t.letIn}: ${username}`} onClick={() => void attempt(() => rooms.letIn(name, id))}>
              {t.letIn}
            </button>
            <button type="button" className="small" aria-label={`${t.turnAway}: ${username}`} onClick={() => void attempt(() => rooms.turnAway(name, id))}>
              {t.turnAway}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Person({ participant }: { participant: Participant }) {
  const t = useWords();
  const { room, isHost } = useCall();
  useParticipantAttributes({ participant });
  usePermissionChanges(participant);
  const isMuted = useIsMuted({ participant, source: Track.Source.Microphone });
  const name = nameOf(participant);
  const listens = participant.permissions?.canPublish === false;
  return (
    <li>
      <Initials name={name} />
      <span className="person">
        <span>
          {name} {participant.isLocal && <span className="dim">({t.you})</span>}
        </span>
        <span className="hint">
          {participant.identity === room?.created_by ? t.host : listens ? t.listening : ""}
          {handOf(participant) && <span className="unseen">{t.handUp(name)}</span>}
        </span>
      </span>
      {handOf(participant) && (
        <span className="hand" title={t.handUp(name)}>
          <Icon name="hand" />
        </span>
      )}
      {!listens && <Icon name={isMuted ? "microphoneOff" : "microphone"} />}
      {isHost && !participant.isLocal && <HostTools participant={participant} name={name} listens={listens} isMuted={isMuted} />}
    </li>
  );
}

function HostTools({ participant, name, listens, isMuted }: { participant: Participant; name: string; listens: boolean; isMuted: boolean }) {
  const t = useWords();
  const { name: room, room: made, attempt } = useCall();
  const who = participant.identity;
  const microphone = participant.getTrackPublication(Track.Source.Microphone)?.trackSid;
  const isWebinar = made?.mode === "webinar";
  const tools: [string, () => Promise<void>][] = [];
  if (isWebinar && listens) tools.push([t.speak, () => people.letSpeak(room, who)]);
  if (isWebinar && !listens) tools.push([t.endTurn, () => people.letListen(room, who)]);
  if (handOf(participant)) tools.push([t.lowerHand, () => people.lowerHand(room, who)]);
  if (microphone && !isMuted) tools.push([t.muteShort, () => people.mute(room, who, microphone)]);
  tools.push([t.removeShort, () => people.remove(room, who)]);
  return (
    <span className="host-tools">
      {tools.map(([text, act]) => (
        <button key={text} type="button" className="small" aria-label={`${text}: ${name}`} onClick={() => void attempt(act)}>
          {text}
        </button>
      ))}
    </span>
  );
}

/** Shows again what somebody may do when that changes. */
function usePermissionChanges(participant: Participant) {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    participant.on(ParticipantEvent.ParticipantPermissionsChanged, again);
    return () => void participant.off(ParticipantEvent.ParticipantPermissionsChanged, again);
  }, [participant]);
}
