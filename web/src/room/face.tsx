import {
  isTrackReference,
  useIsMuted,
  useIsSpeaking,
  useLayoutContext,
  useParticipantAttributes,
  useParticipantInfo,
  usePinnedTracks,
  useTrackRefContext,
  VideoTrack,
} from "@livekit/components-react";
import { Track } from "livekit-client";
import { useWords } from "../i18n";
import { Icon } from "../parts/icon";
import { Initials } from "../parts/shell";
import { HAND } from "./hands";
import { Quality } from "./quality";

/** What is on a tile: the picture or a face, who it is, and how well it comes through. */
export function Face() {
  const t = useWords();
  const track = useTrackRefContext();
  const { participant, source } = track;
  const info = useParticipantInfo({ participant });
  const { attributes } = useParticipantAttributes({ participant });
  const isOff = useIsMuted(track);
  const name = info.name || participant.identity;
  const isScreen = source === Track.Source.ScreenShare;
  const hasPicture = isTrackReference(track) && !isOff;
  return (
    <>
      {hasPicture ? <VideoTrack trackRef={track} aria-label={isScreen ? t.screenOf(name) : name} /> : <Blind name={name} />}
      <div className="tile-name">
        {isScreen ? <Icon name="screen" /> : <Sound />}
        <span>{isScreen ? t.screenOf(name) : name}</span>
        {participant.isLocal && !isScreen && <span className="dim">({t.you})</span>}
      </div>
      {attributes?.[HAND] && !isScreen && (
        <span className="tile-hand" title={t.handUp(name)}>
          <Icon name="hand" />
        </span>
      )}
      <div className="tile-tools">
        <Quality participant={participant} source={source} />
        <PinButton name={name} />
      </div>
    </>
  );
}

function Blind({ name }: { name: string }) {
  return (
    <div className="tile-blind">
      <Initials name={name} />
    </div>
  );
}

function Sound() {
  const t = useWords();
  const { participant } = useTrackRefContext();
  const isMuted = useIsMuted({ participant, source: Track.Source.Microphone });
  const isSpeaking = useIsSpeaking(participant);
  const state = isMuted ? t.muted : isSpeaking ? t.speaking : "";
  return (
    <span className={isSpeaking ? "sound on" : "sound"}>
      <Icon name={isMuted ? "microphoneOff" : "microphone"} />
      <span className="unseen">{state}</span>
    </span>
  );
}

function PinButton({ name }: { name: string }) {
  const t = useWords();
  const track = useTrackRefContext();
  const { pin } = useLayoutContext();
  const pinned = usePinnedTracks()[0];
  const isPinned = pinned?.participant.identity === track.participant.identity && pinned.source === track.source;
  const label = isPinned ? t.unpin : t.pin(name);
  const toggle = () => pin.dispatch?.(isPinned ? { msg: "clear_pin" } : { msg: "set_pin", trackReference: track });
  return (
    <button type="button" className="tool" aria-pressed={isPinned} aria-label={label} title={label} onClick={toggle}>
      <Icon name={isPinned ? "close" : "pin"} />
    </button>
  );
}
