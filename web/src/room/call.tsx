import { LayoutContextProvider, LiveKitRoom, RoomAudioRenderer, StartAudio, useCreateLayoutContext } from "@livekit/components-react";
import { DisconnectReason, VideoPresets } from "livekit-client";
import { useMemo, useState } from "react";
import type { Room, Ticket } from "../api";
import { useWords } from "../i18n";
import { choices } from "../media/choices";
import { useTitle } from "../parts/shell";
import type { Session } from "../session";
import { CallContext, type Panel } from "./context";
import { Controls } from "./controls";
import { News } from "./news";
import { ChatPanel } from "./chat";
import { PeoplePanel } from "./people";
import { Stage } from "./stage";
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
  const waiting = useWaiting(name, isHost && room.lobby === true);
  const media = useMemo(() => wanted(room, me.id), [room, me.id]);
  const context = useMemo(
    () => ({ name, room, me, isHost, panel, setPanel, view, setView, waiting }),
    [name, room, me, isHost, panel, view, waiting],
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
    >
      <CallContext value={context}>
        <LayoutContextProvider value={layout}>
          <main className={panel ? "scene with-panel" : "scene"}>
            <h1 className="unseen">{name}</h1>
            <Stage />
            {panel === "chat" && <ChatPanel />}
            {panel === "people" && <PeoplePanel />}
          </main>
          <Controls />
          <News />
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
