import { useLocalParticipant, useMediaDeviceSelect } from "@livekit/components-react";
import { LocalVideoTrack, MediaDeviceFailure, Track } from "livekit-client";
import { useEffect, useRef, useState } from "react";
import { useWords } from "../i18n";
import { Choice, Problem } from "../parts/field";
import { backgroundOf, setBackground, type Background } from "./background";
import { Button } from "./controls";
import { sayingOfDevice } from "./devices";

/** Devices and background, while one is in the call. */
export function Settings({ withVideo }: { withVideo: boolean }) {
  const t = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <>
      <Button icon="more" label={t.settings} onClick={() => setOpen(true)} />
      {isOpen && (
        <dialog ref={dialog} className="card settings" aria-label={t.settings} onClose={() => setOpen(false)}>
          <h2>{t.settings}</h2>
          <Device kind="audioinput" label={t.microphone} />
          {withVideo && <Device kind="videoinput" label={t.camera} />}
          <Device kind="audiooutput" label={t.speaker} />
          {withVideo && <Backgrounds />}
          <button type="button" className="wide" onClick={() => dialog.current?.close()}>
            {t.close}
          </button>
        </dialog>
      )}
    </>
  );
}

function Device({ kind, label }: { kind: MediaDeviceKind; label: string }) {
  const t = useWords();
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind });
  const options = devices.map(({ deviceId, label }) => ({ value: deviceId, label: label || deviceId }));
  const [problem, setProblem] = useState("");
  const choose = async (id: string) => {
    try {
      await setActiveMediaDevice(id);
      setProblem("");
    } catch (e) {
      setProblem(sayingOfDevice(t, label, MediaDeviceFailure.getFailure(e)));
    }
  };
  return (
    <>
      <Choice label={label} value={activeDeviceId} options={options} empty={t.noDevice} onChoose={(id) => void choose(id)} />
      <Problem>{problem}</Problem>
    </>
  );
}

function Backgrounds() {
  const t = useWords();
  const { localParticipant } = useLocalParticipant();
  const track = localParticipant.getTrackPublication(Track.Source.Camera)?.track;
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const names: Record<Background, string> = { none: t.backgroundNone, blur: t.backgroundBlur, dusk: t.backgroundDusk };
  const [current, setCurrent] = useState<Background>(() => (track instanceof LocalVideoTrack ? backgroundOf(track) : "none"));
  if (!(track instanceof LocalVideoTrack)) return null;
  const choose = async (background: Background) => {
    setBusy(true);
    try {
      await setBackground(track, background);
      setCurrent(background);
      setProblem("");
    } catch {
      setProblem(t.backgroundFailed);
    }
    setBusy(false);
  };
  return (
    <fieldset className="segments" disabled={busy}>
      <legend>{t.background}</legend>
      {(Object.keys(names) as Background[]).map((background) => (
        <label key={background}>
          <input type="radio" name="background" checked={current === background} onChange={() => void choose(background)} />
          <span>{names[background]}</span>
        </label>
      ))}
      <Problem>{problem}</Problem>
    </fieldset>
  );
}
