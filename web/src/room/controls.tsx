import { DisconnectButton, useLocalParticipant, useLocalParticipantPermissions, useParticipantAttributes, useTrackToggle } from "@livekit/components-react";
import { MediaDeviceFailure, Track } from "livekit-client";
import { useState, type ReactNode } from "react";
import { people, rooms } from "../api";
import { useWords } from "../i18n";
import { Confirm } from "../parts/dialog";
import { Icon, type IconName } from "../parts/icon";
import { openerOf, useCall, type Panel } from "./context";
import { sayingOfDevice } from "./devices";
import { handOf } from "./hands";
import { Settings } from "./settings";
import { useTalk } from "./talk";

/** What one does in a call. */
export function Controls() {
  const t = useWords();
  const { room, view, setView } = useCall();
  const may = useLocalParticipantPermissions();
  const speaks = may?.canPublish !== false;
  const withVideo = room?.call_type !== "audio";
  return (
    <footer className="controls">
      {speaks && (
        <>
          <Toggle source={Track.Source.Microphone} icon="microphone" on={t.muteMicrophone} off={t.unmuteMicrophone} />
          {withVideo && <Toggle source={Track.Source.Camera} icon="camera" on={t.stopCamera} off={t.startCamera} />}
          {withVideo && canShare() && <Toggle source={Track.Source.ScreenShare} icon="screen" on={t.stopSharing} off={t.shareScreen} />}
        </>
      )}
      <HandButton speaks={speaks} />
      <span className="gap" />
      <PanelButton panel="chat" icon="chat" label={t.chat} />
      <PanelButton panel="people" icon="people" label={t.participants} />
      <Button
        icon={view === "grid" ? "speaker" : "grid"}
        label={`${t.view}: ${view === "grid" ? t.speakerView : t.gridView}`}
        onClick={() => setView(view === "grid" ? "speaker" : "grid")}
      />
      {speaks && <Settings withVideo={withVideo} />}
      <span className="gap" />
      <LeaveButton />
    </footer>
  );
}

const canShare = () => "getDisplayMedia" in (navigator.mediaDevices ?? {});

function Toggle({ source, icon, on, off }: { source: Track.Source.Microphone | Track.Source.Camera | Track.Source.ScreenShare; icon: IconName; on: string; off: string }) {
  const t = useWords();
  const { tell } = useCall();
  const { enabled, pending, toggle } = useTrackToggle({ source });
  const isScreen = source === Track.Source.ScreenShare;
  const shape = icon === "microphone" || icon === "camera" ? (enabled ? icon : (`${icon}Off` as const)) : icon;
  const state = isScreen ? (enabled ? "active" : "") : enabled ? "" : "off";
  const names = { [Track.Source.Microphone]: t.microphone, [Track.Source.Camera]: t.camera, [Track.Source.ScreenShare]: t.shareScreen };
  const failed = (e: unknown) => {
    const failure = MediaDeviceFailure.getFailure(e);
    // Somebody who thinks better of sharing a screen has done nothing wrong.
    if (isScreen && failure === MediaDeviceFailure.PermissionDenied) return;
    tell(sayingOfDevice(t, names[source], failure), "problem");
  };
  return <Button icon={shape} label={enabled ? on : off} className={state} disabled={pending} onClick={() => void toggle().catch(failed)} />;
}

export function Button(props: { id?: string; icon: IconName; label: string; onClick: () => void; className?: string; disabled?: boolean; isOn?: boolean; children?: ReactNode }) {
  const { id, icon, label, onClick, className = "", disabled = false, isOn, children } = props;
  return (
    <button id={id} type="button" className={`round ${className}`} aria-label={label} title={label} disabled={disabled} aria-pressed={isOn} onClick={onClick}>
      <Icon name={icon} />
      {children}
    </button>
  );
}

function HandButton({ speaks }: { speaks: boolean }) {
  const t = useWords();
  const { name, attempt } = useCall();
  const { localParticipant } = useLocalParticipant();
  useParticipantAttributes({ participant: localParticipant });
  const isUp = handOf(localParticipant) !== "";
  const [busy, setBusy] = useState(false);
  const toggle = async () => {
    setBusy(true);
    const act = isUp ? people.lowerHand : people.raiseHand;
    await attempt(() => act(name, localParticipant.identity));
    setBusy(false);
  };
  const label = isUp ? t.lowerHand : speaks ? t.raiseHand : t.askToSpeak;
  return (
    <Button icon="hand" label={label} isOn={isUp} className={isUp ? "up" : ""} disabled={busy} onClick={() => void toggle()}>
      {!speaks && <span className="round-text">{label}</span>}
    </Button>
  );
}

function PanelButton({ panel, icon, label }: { panel: Exclude<Panel, null>; icon: IconName; label: string }) {
  const t = useWords();
  const call = useCall();
  const { unread } = useTalk();
  const isOpen = call.panel === panel;
  const news = panel === "people" ? call.waiting.length : unread;
  const what = panel === "people" ? `${t.wantIn}: ${news}` : t.unread(news);
  return (
    <Button id={openerOf(panel)} icon={icon} label={news > 0 ? `${label}, ${what}` : label} isOn={isOpen} className={isOpen ? "active" : ""} onClick={() => call.setPanel(isOpen ? null : panel)}>
      {news > 0 && <span className="count">{news}</span>}
    </Button>
  );
}

function LeaveButton() {
  const t = useWords();
  const { name, isHost, attempt } = useCall();
  const [asked, setAsked] = useState(false);
  return (
    <>
      {isHost && (
        <button type="button" className="end-all" onClick={() => setAsked(true)}>
          {t.endForAll}
        </button>
      )}
      <DisconnectButton className="leave" onClick={() => void rooms.leave(name).catch(() => undefined)}>
        <Icon name="leave" />
        {t.leave}
      </DisconnectButton>
      {asked && (
        <Confirm question={t.sureToEnd} yes={t.endForAll} onNo={() => setAsked(false)} onYes={() => void attempt(() => rooms.end(name)).then(() => setAsked(false))} />
      )}
    </>
  );
}
