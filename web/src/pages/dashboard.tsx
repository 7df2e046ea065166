import { useCallback, useEffect, useState, type FormEvent } from "react";
import { Refused, rooms, type Room } from "../api";
import { useLanguage, useWords } from "../i18n";
import { CopyButton } from "../parts/copy";
import { Confirm } from "../parts/dialog";
import { Field, Problem } from "../parts/field";
import { Icon } from "../parts/icon";
import { Shell } from "../parts/shell";
import { saying } from "../refusal";
import { go, Link, roomIn, toRoom } from "../router";
import { session, type Session } from "../session";

/** How often the list is asked for again. */
const EVERY = 10_000;

export function Dashboard({ me }: { me: Session }) {
  const t = useWords();
  const { list, problem, reload } = useRooms();
  return (
    <Shell title={t.yourMeetings} me={me}>
      <h1>{t.hello(me.username)}</h1>
      <div className="doors">
        <Link href="/meeting/pre-join" className="card tall">
          <span className="badge-icon">
            <Icon name="plus" />
          </span>
          <strong>{t.newMeeting}</strong>
          <span className="hint">{t.newMeetingHint}</span>
        </Link>
        <JoinForm />
      </div>
      <h2>{t.yourMeetings}</h2>
      <Problem>{problem}</Problem>
      {list?.length === 0 && <p className="empty">{t.noMeetings}</p>}
      <ul className="rooms">
        {list?.map((room) => (
          <RoomRow key={room.room_name} room={room} me={me} onGone={reload} />
        ))}
      </ul>
    </Shell>
  );
}

function useRooms() {
  const t = useWords();
  const [list, setList] = useState<Room[]>();
  const [problem, setProblem] = useState("");
  const reload = useCallback(async () => {
    try {
      setList(await rooms.mine());
      setProblem("");
    } catch (e) {
      if (e instanceof Refused && e.status === 401) return session.end();
      setProblem(saying(t, e));
    }
  }, [t]);
  useEffect(() => {
    void reload();
    const timer = setInterval(() => void reload(), EVERY);
    return () => clearInterval(timer);
  }, [reload]);
  return { list, problem, reload };
}

function JoinForm() {
  const t = useWords();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = roomIn(text);
    if (name) go(toRoom("invite", name));
  };
  return (
    <form className="card" onSubmit={submit}>
      <h2>{t.joinByName}</h2>
      <Field label={t.nameOrLink} hint={t.joinHint} value={text} required onChange={({ target }) => setText(target.value)} />
      <button type="submit" className="wide">
        {t.join}
      </button>
    </form>
  );
}

function RoomRow({ room, me, onGone }: { room: Room; me: Session; onGone: () => Promise<void> }) {
  const t = useWords();
  const [asked, setAsked] = useState(false);
  const name = room.room_name;
  const mine = room.created_by === me.id;
  const end = async () => {
    setAsked(false);
    await rooms.end(name).catch(() => undefined);
    await onGone();
  };
  return (
    <li className="card room-row">
      <div className="room-what">
        <strong>{name}</strong>
        <span className="tags">
          <State room={room} />
          {room.mode === "webinar" && <span className="tag">{t.webinar}</span>}
          {room.call_type === "audio" && <span className="tag">{t.audioOnly}</span>}
          {room.lobby && <span className="tag">{t.lobby}</span>}
        </span>
        <span className="hint">
          {mine ? t.yours : t.invited} · <Since at={room.created_at} />
        </span>
      </div>
      <div className="row end">
        <CopyButton text={location.origin + toRoom("invite", name)} label={t.copyLink} />
        {mine && (
          <button type="button" className="quiet" aria-label={`${t.remove}: ${name}`} onClick={() => setAsked(true)}>
            {t.remove}
          </button>
        )}
        <Link className="button" href={toRoom("invite", name)}>
          {t.join}
        </Link>
      </div>
      {asked && <Confirm question={t.sureToRemove(name)} yes={t.remove} onYes={() => void end()} onNo={() => setAsked(false)} />}
    </li>
  );
}

function State({ room }: { room: Room }) {
  const t = useWords();
  if (room.status === "active") {
    const there = room.active_participants.length;
    return <span className="tag live">{`${t.live} · ${t.people(there)}`}</span>;
  }
  return <span className="tag">{room.status === "ended" ? t.ended : t.notBegun}</span>;
}

function Since({ at }: { at: string }) {
  const { language } = useLanguage();
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return <time dateTime={at}>{format.format(new Date(at))}</time>;
}
