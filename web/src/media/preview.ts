import { useCallback, useEffect, useState } from "react";
import { choices, keep, type Choices } from "./choices";

export type Trouble = "insecure" | "denied" | "missing" | "busy" | null;

export interface Preview {
  chosen: Choices;
  choose: (change: Partial<Choices>) => void;
  camera: MediaStreamTrack | null;
  microphone: MediaStreamTrack | null;
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
  trouble: Trouble;
}

/** The devices before a call: without the SFU's client, which is not loaded yet. */
export function usePreview(withVideo: boolean): Preview {
  const [chosen, setChosen] = useState(choices);
  const [trouble, setTrouble] = useState<Trouble>(null);
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  const look = useCallback(async () => setDevices((await navigator.mediaDevices?.enumerateDevices()) ?? []), []);
  const settle = useCallback((trouble: Trouble) => (setTrouble(trouble), void look()), [look]);
  const camera = useTrack(withVideo && chosen.video, "video", chosen.camera, settle);
  const microphone = useTrack(chosen.audio, "audio", chosen.microphone, settle);
  useEffect(() => {
    const { mediaDevices } = navigator;
    mediaDevices?.addEventListener("devicechange", look);
    return () => mediaDevices?.removeEventListener("devicechange", look);
  }, [look]);
  const choose = (change: Partial<Choices>) => {
    const next = { ...chosen, ...change };
    keep(next);
    setChosen(next);
  };
  const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind && device.deviceId);
  return { chosen, choose, camera, microphone, cameras: of("videoinput"), microphones: of("audioinput"), trouble };
}

/** A track of one device, as long as it is wanted. */
function useTrack(wanted: boolean, kind: "audio" | "video", device: string, settle: (trouble: Trouble) => void) {
  const [track, setTrack] = useState<MediaStreamTrack | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let opened: MediaStream | undefined;
    let unwanted = false;
    const open = async () => {
      try {
        opened = await ask(kind, device);
        if (unwanted) return stop(opened);
        setTrack(opened.getTracks()[0] ?? null);
        settle(null);
      } catch (e) {
        if (!unwanted) settle(troubleOf(e));
      }
    };
    void open();
    return () => {
      unwanted = true;
      setTrack(null);
      stop(opened);
    };
  }, [wanted, kind, device, settle]);
  return track;
}

/** The chosen device, or any where that is gone. */
async function ask(kind: "audio" | "video", device: string): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException("", "InsecureError");
  const size = kind === "video" ? { width: { ideal: 1280 }, height: { ideal: 720 } } : {};
  const exactly = device ? { deviceId: { ideal: device } } : {};
  return navigator.mediaDevices.getUserMedia({ [kind]: { ...size, ...exactly } });
}

const stop = (stream?: MediaStream) => stream?.getTracks().forEach((track) => track.stop());

export function troubleOf(e: unknown): Trouble {
  switch (e instanceof DOMException ? e.name : "") {
    case "InsecureError":
      return "insecure";
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "missing";
  }
}
