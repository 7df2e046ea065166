import { useEffect, useRef, useState } from "react";
import { useWords } from "../i18n";
import { Choice } from "../parts/field";
import { Icon } from "../parts/icon";
import { Initials } from "../parts/shell";
import { listen } from "./level";
import type { Preview, Trouble } from "./preview";

/** How one will look and sound. */
export function Mirror({ preview, name, withVideo }: { preview: Preview; name: string; withVideo: boolean }) {
  const t = useWords();
  const { chosen, choose, camera, microphone } = preview;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = camera ? new MediaStream([camera]) : null;
  }, [camera]);
  return (
    <section className="mirror">
      <div className="glass">
        <video ref={video} autoPlay playsInline muted hidden={!camera} aria-label={t.camera} />
        {!camera && (
          <div className="blind">
            <Initials name={name} />
            {withVideo && <span>{t.cameraOff}</span>}
          </div>
        )}
        <div className="glass-bar">
          <Toggle on={chosen.audio} what={t.microphone} icon="microphone" onToggle={() => choose({ audio: !chosen.audio })} />
          {withVideo && (
            <Toggle on={chosen.video} what={t.camera} icon="camera" onToggle={() => choose({ video: !chosen.video })} />
          )}
          <Skyline track={microphone} />
        </div>
      </div>
      <TroubleText trouble={preview.trouble} />
      <div className="devices">
        <Choice
          label={t.microphone}
          value={chosen.microphone}
          options={preview.microphones.map(named)}
          empty={t.noDevice}
          onChoose={(microphone) => choose({ microphone })}
        />
        {withVideo && (
          <Choice
            label={t.camera}
            value={chosen.camera}
            options={preview.cameras.map(named)}
            empty={t.noDevice}
            onChoose={(camera) => choose({ camera })}
          />
        )}
      </div>
    </section>
  );
}

const named = ({ deviceId, label }: MediaDeviceInfo) => ({ value: deviceId, label: label || deviceId.slice(0, 8) });

function Toggle(props: { on: boolean; what: string; icon: "microphone" | "camera"; onToggle: () => void }) {
  const t = useWords();
  const { on, what, icon, onToggle } = props;
  const label = on ? t.turnOff(what) : t.turnOn(what);
  return (
    <button type="button" className={on ? "round" : "round off"} aria-label={label} title={label} onClick={onToggle}>
      <Icon name={on ? icon : `${icon}Off`} />
    </button>
  );
}

/** How tall each house is when it is loud. */
const houses = [0.45, 0.7, 1, 0.8, 0.55, 0.9, 0.6, 0.75, 0.4];

/** The loudness of the microphone: a town that rises with the voice. */
function Skyline({ track }: { track: MediaStreamTrack | null }) {
  const t = useWords();
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (!track) return;
    const stop = listen(track, setLevel);
    return () => {
      stop();
      setLevel(0);
    };
  }, [track]);
  return (
    <div className="skyline" role="meter" aria-label={t.level} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(level * 100)} title={t.saySomething}>
      {houses.map((height, i) => (
        // oxlint-disable-next-line react/no-array-index-key
        <span key={i} style={{ transform: `scaleY(${0.12 + 0.88 * level * height})` }} />
      ))}
    </div>
  );
}

function TroubleText({ trouble }: { trouble: Trouble }) {
  const t = useWords();
  const texts = { insecure: t.insecure, denied: t.devicesDenied, missing: t.devicesMissing, busy: t.devicesBusy };
  return trouble && <p className="note" role="status">{texts[trouble]}</p>;
}
