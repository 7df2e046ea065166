import { LayoutContextProvider, LiveKitRoom, RoomAudioRenderer, StartAudio, useCreateLayoutContext } from "@livekit/components-react";
import { DisconnectReason, VideoPresets, type MediaDeviceFailure } from "livekit-client";
import { useCallback, useMemo, useState } from "react";
import type { Room, Ticket } from "../api";
import { useWords } from "../i18n";
import { choices } from "../media/choices";
import { useTitle } from "../parts/shell";
import { saying } from "../refusal";
import type { Session } from "../session";
import { CallContext, type Panel } from "./context";
import { Controls } from "./controls";
import { sayingOfDevice } from "./devices";
import { News, useItems } from "./news";
import { ChatPanel } from "./chat";
import { PeoplePanel } from "./people";
import { Stage } from "./stage";
import { Talking } from "./talk";
import { useWaiting } from "./waiting";

interface Props {
  me: Session;
  name: string;
  ticket: Ticket;
  /** `null`: nobody made it. */
  room: Room | null;
  onOver: (reason?: DisconnectReason) => void;
}

/** A call, from the first packet to the last. */
export function Call({ me, name, ticket, room, onOver }: Props) {
  const t = useWords();
  useTitle(name);
  const [panel, setPanel] = useState<Panel>(null);
  const [view, setView] = useState<"grid" | "speaker">("grid");
  const layout = useCreateLayoutContext();
  const isHost = room?.created_by === me.id;
  const { items, tell } = useItems();
  const onProblem = useCallback((e: unknown) => tell(saying(t, e), "problem"), [t, tell]);
  const attempt = useCallback((act: () => Promise<unknown>) => act().then(() => undefined, onProblem), [onProblem]);
  const onDevice = useCallback(
    (failure?: MediaDeviceFailure, kind?: MediaDeviceKind) => {
      // A screen has no kind: whoever shares one hears of it from the button.
      if (kind) tell(sayingOfDevice(t, kind === "audioinput" ? t.microphone : t.camera, failure), "problem");
    },
    [t, tell],
  );
  const waiting = useWaiting(name, isHost && room.lobby === true, onProblem);
  const media = useMemo(() => wanted(room, me.id), [room, me.id]);
  const context = useMemo(
    () => ({ name, room, me, isHost, panel, setPanel, view, setView, waiting, tell, attempt }),
    [name, room, me, isHost, panel, view, waiting, tell, attempt],
  );
  return (
    <LiveKitRoom
      className="call"
      serverUrl={ticket.url}
      token={ticket.token}
      connect
      audio={media.audio}
      video={media.video}
      options={media.options}
      onDisconnected={onOver}
      onMediaDeviceFailure={onDevice}
    >
      <CallContext value={context}>
        <LayoutContextProvider value={layout}>
          <Talking>
            <main className={panel ? "scene with-panel" : "scene"}>
              <h1 className="unseen">{name}</h1>
              <Stage />
              {panel === "chat" && <ChatPanel />}
              {panel === "people" && <PeoplePanel />}
            </main>
            <Controls />
          </Talking>
          <News items={items} />
          <StartAudio label={t.playSound} className="start-audio" />
          <RoomAudioRenderer />
        </LayoutContextProvider>
      </CallContext>
    </LiveKitRoom>
  );
}

/** What is sent from the start: what was chosen before, as far as the room lets this user. */
function wanted(room: Room | null, user: string) {
  const chosen = choices();
  const listens = room?.mode === "webinar" && room.created_by !== user;
  const device = (id: string) => (id ? { deviceId: id } : true);
  return {
    audio: chosen.audio && !listens && device(chosen.microphone),
    video: chosen.video && !listens && room?.call_type !== "audio" && device(chosen.camera),
    options: {
      adaptiveStream: true,
      dynacast: true,
      videoCaptureDefaults: { resolution: VideoPresets.h720.resolution },
    },
  };
}
