import { useEffect, useState } from "react";
import { Refused, rooms, type InCall, type Room } from "../api";
import { useWords } from "../i18n";
import { Mirror } from "../media/mirror";
import { usePreview } from "../media/preview";
import { Problem } from "../parts/field";
import { Initials, Shell } from "../parts/shell";
import { saying } from "../refusal";
import { go, Link, toRoom } from "../router";
import type { Session } from "../session";

/** How often it is asked who is there. */
const EVERY = 5000;

export function Invite({ me, room: name }: { me: Session; room: string }) {
  const t = useWords();
  const { room, there, problem, isSecret } = useInvitation(name);
  const withVideo = room?.call_type !== "audio";
  const preview = usePreview(withVideo);
  return (
    <Shell title={name} me={me}>
      <p className="over">{room?.created_by === me.id ? t.by : t.invitedTo}</p>
      <h1>{name}</h1>
      <div className="split">
        <Mirror preview={preview} name={me.username} withVideo={withVideo} />
        <section className="card">
          {room && <Kinds room={room} />}
          {!isSecret && (
            <>
              <h2>{t.whoIsThere}</h2>
              <People there={there} />
            </>
          )}
          <Problem>{problem}</Problem>
          <button type="button" className="primary wide" onClick={() => go(toRoom("room", name))}>
            {t.joinNow}
          </button>
          <Link href="/" className="button quiet wide">
            {t.home}
          </Link>
        </section>
      </div>
    </Shell>
  );
}

function Kinds({ room }: { room: Room }) {
  const t = useWords();
  return (
    <p className="tags">
      <span className="tag">{room.call_type === "audio" ? t.audioOnly : t.withVideo}</span>
      {room.mode === "webinar" && <span className="tag">{t.webinar}</span>}
      {room.lobby && <span className="tag">{t.lobby}</span>}
    </p>
  );
}

function People({ there }: { there: InCall[] }) {
  const t = useWords();
  if (!there.length) return <p className="empty">{t.nobodyThere}</p>;
  return (
    <ul className="faces">
      {there.map(({ identity, name }) => (
        <li key={identity}>
          <Initials name={name || identity} />
          {name || identity}
        </li>
      ))}
    </ul>
  );
}

/** A room that nobody made can be joined all the same, where the SFU makes rooms by itself: nothing is known of it. */
function useInvitation(name: string) {
  const t = useWords();
  const [room, setRoom] = useState<Room>();
  const [there, setThere] = useState<InCall[]>([]);
  const [isSecret, setSecret] = useState(false);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const ask = async () => {
      try {
        setRoom(await rooms.get(name));
        setThere(await rooms.people(name));
        setProblem("");
      } catch (e) {
        if (e instanceof Refused && e.status === 404) setSecret(true);
        else setProblem(saying(t, e));
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY);
    return () => clearInterval(timer);
  }, [name, t]);
  return { room, there, problem, isSecret };
}
