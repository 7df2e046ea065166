import {
  CarouselLayout,
  FocusLayoutContainer,
  GridLayout,
  isTrackReference,
  ParticipantTile,
  useLayoutContext,
  usePinnedTracks,
  useSpeakingParticipants,
  useTracks,
  type TrackReferenceOrPlaceholder,
} from "@livekit/components-react";
import { Track } from "livekit-client";
import { useEffect, useRef, useState } from "react";
import { useWords } from "../i18n";
import { CopyButton } from "../parts/copy";
import { toRoom } from "../router";
import { useCall } from "./context";
import { Face } from "./face";

/** Everybody, side by side or one large. */
export function Stage() {
  const { view } = useCall();
  const tracks = useShown();
  const large = useLarge(tracks, view === "speaker");
  if (!large) {
    return (
      <div className="stage">
        <GridLayout tracks={tracks}>
          <ParticipantTile>
            <Face />
          </ParticipantTile>
        </GridLayout>
        <Alone there={tracks.length} />
      </div>
    );
  }
  const others = tracks.filter((track) => track !== large);
  return (
    <div className="stage">
      <FocusLayoutContainer className={others.length ? "" : "one"}>
        {others.length > 0 && (
          <CarouselLayout tracks={others}>
            <ParticipantTile>
              <Face />
            </ParticipantTile>
          </CarouselLayout>
        )}
        <ParticipantTile trackRef={large} className="large">
          <Face />
        </ParticipantTile>
      </FocusLayoutContainer>
    </div>
  );
}

/** Cameras, faces where there is none, and screens. Whoever only listens to a webinar is not on the stage. */
function useShown(): TrackReferenceOrPlaceholder[] {
  const { room } = useCall();
  const tracks = useTracks(
    [
      { source: Track.Source.Camera, withPlaceholder: true },
      { source: Track.Source.ScreenShare, withPlaceholder: false },
    ],
    { onlySubscribed: false },
  );
  if (room?.mode !== "webinar") return tracks;
  return tracks.filter(({ participant }) => participant.permissions?.canPublish);
}

/** What is shown large: what was pinned, a screen, or in the speaker's view whoever spoke last. */
function useLarge(tracks: TrackReferenceOrPlaceholder[], bySpeaker: boolean): TrackReferenceOrPlaceholder | undefined {
  const pinned = usePinnedTracks()[0];
  const speaking = useSpeakingParticipants().find((participant) => !participant.isLocal)?.identity;
  const [last, setLast] = useState<string>();
  useEffect(() => {
    if (speaking) setLast(speaking);
  }, [speaking]);
  usePinnedScreen(tracks);
  const found = pinned && tracks.find((track) => isSame(track, pinned));
  if (found) return found;
  if (!bySpeaker) return undefined;
  return tracks.find((track) => track.participant.identity === last) ?? tracks.find((track) => !track.participant.isLocal) ?? tracks[0];
}

const isSame = (a: TrackReferenceOrPlaceholder, b: TrackReferenceOrPlaceholder) =>
  a.source === b.source && a.participant.identity === b.participant.identity;

/** A screen that somebody begins to share is pinned, and unpinned when it ends. */
function usePinnedScreen(tracks: TrackReferenceOrPlaceholder[]) {
  const { pin } = useLayoutContext();
  const shown = useRef<string | undefined>(undefined);
  const screen = tracks.find((track) => isTrackReference(track) && track.source === Track.Source.ScreenShare);
  const id = screen?.publication?.trackSid;
  useEffect(() => {
    if (shown.current === id) return;
    shown.current = id;
    if (screen) pin.dispatch?.({ msg: "set_pin", trackReference: screen });
    else pin.dispatch?.({ msg: "clear_pin" });
  }, [id, screen, pin]);
}

function Alone({ there }: { there: number }) {
  const t = useWords();
  const { name, room } = useCall();
  if (there > 1 || room?.mode === "webinar") return null;
  return (
    <div className="alone-hint">
      <span>{t.alone}</span>
      <CopyButton text={location.origin + toRoom("invite", name)} label={t.inviteOthers} />
    </div>
  );
}
