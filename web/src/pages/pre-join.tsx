import { useState, type FormEvent } from "react";
import { rooms, type NewRoom } from "../api";
import { useWords } from "../i18n";
import { Mirror } from "../media/mirror";
import { usePreview } from "../media/preview";
import { Field, Problem, Switch } from "../parts/field";
import { Shell } from "../parts/shell";
import { sayingOfNewRoom } from "../refusal";
import { go, toRoom } from "../router";
import type { Session } from "../session";

export function PreJoin({ me }: { me: Session }) {
  const t = useWords();
  const [withVideo, setWithVideo] = useState(true);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const preview = usePreview(withVideo);
  const start = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = wantedRoom(new FormData(event.currentTarget));
    setBusy(true);
    setProblem("");
    try {
      await rooms.make(wanted);
      go(toRoom("room", wanted.room_name));
    } catch (e) {
      setProblem(sayingOfNewRoom(t, e));
      setBusy(false);
    }
  };
  return (
    <Shell title={t.newMeeting} me={me}>
      <h1>{t.setUp}</h1>
      <div className="split">
        <Mirror preview={preview} name={me.username} withVideo={withVideo} />
        <form className="card" onSubmit={(event) => void start(event)}>
          <Field label={t.roomName} name="room_name" defaultValue={freshName()} maxLength={128} required />
          <fieldset className="segments">
            <legend>{t.callKind}</legend>
            {(["video", "audio"] as const).map((kind) => (
              <label key={kind}>
                <input type="radio" name="call_type" value={kind} checked={withVideo === (kind === "video")} onChange={() => setWithVideo(kind === "video")} />
                <span>{kind === "video" ? t.withVideo : t.audioOnly}</span>
              </label>
            ))}
          </fieldset>
          {!withVideo && <p className="hint">{t.audioOnlyHint}</p>}
          <Switch label={t.webinar} hint={t.webinarHint} name="webinar" />
          <Switch label={t.lobby} hint={t.lobbyHint} name="lobby" />
          <Field label={t.onlyThese} hint={t.onlyTheseHint} name="invite" autoCapitalize="none" spellCheck={false} />
          <Problem>{problem}</Problem>
          <button type="submit" className="primary wide" disabled={busy}>
            {busy ? t.starting : t.startCall}
          </button>
        </form>
      </div>
    </Shell>
  );
}

export function wantedRoom(form: FormData): NewRoom {
  const text = (name: string) => String(form.get(name) ?? "");
  return {
    room_name: text("room_name").trim(),
    call_type: text("call_type") === "audio" ? "audio" : "video",
    mode: form.has("webinar") ? "webinar" : "call",
    lobby: form.has("lobby"),
    participants: [],
    invite: text("invite").split(/[\s,;]+/).filter(Boolean),
  };
}

const sides = ["north", "south", "east", "west", "old", "new", "high", "low", "long", "quiet"];
const places = ["bridge", "market", "garden", "harbour", "station", "square", "tower", "mill", "gate", "hill"];

/** A name that nobody has to think of, and that nobody else is likely to have. */
function freshName(): string {
  const [side = 0, place = 0, number = 0] = crypto.getRandomValues(new Uint16Array(3));
  return [sides[side % sides.length], places[place % places.length], number % 1000].join("-");
}
