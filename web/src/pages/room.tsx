import "@livekit/components-styles/index.css";
import "../style/room.css";
import { DisconnectReason } from "livekit-client";
import { useCallback, useEffect, useState } from "react";
import { join, rooms, type Room, type Ticket } from "../api";
import { useWords } from "../i18n";
import type { Words } from "../i18n/en";
import { Problem } from "../parts/field";
import { Shell } from "../parts/shell";
import { sayingOfRoom } from "../refusal";
import { go, Link } from "../router";
import { Call } from "../room/call";
import type { Session } from "../session";

/** How often somebody in the waiting room asks. */
const EVERY = 3000;

type State =
  | { is: "asking" | "waiting" }
  | { is: "in"; ticket: Ticket; room: Room | null }
  | { is: "refused"; why: string }
  | { is: "over"; why: string };

/** On the way to a room, in it, and after it. */
export default function RoomPage({ me, room: name }: { me: Session; room: string }) {
  const t = useWords();
  const { state, setState, again } = useTicket(name, me);
  const over = useCallback(
    (reason?: DisconnectReason) => {
      if (reason === DisconnectReason.CLIENT_INITIATED) return go("/");
      setState({ is: "over", why: farewell(t, reason) });
    },
    [setState, t],
  );
  if (state.is === "in") return <Call me={me} name={name} {...state} onOver={over} />;
  if (state.is === "waiting") return <WaitingRoom me={me} name={name} />;
  return (
    <Shell title={name} me={me}>
      <section className="card alone" aria-live="polite">
        <p className="over">{name}</p>
        {state.is === "asking" && <p>{t.joining}</p>}
        {state.is === "refused" && <Problem>{state.why}</Problem>}
        {state.is === "over" && <h1>{state.why}</h1>}
        {state.is !== "asking" && (
          <div className="row">
            <button type="button" className="primary" onClick={again}>
              {state.is === "over" ? t.rejoin : t.retry}
            </button>
            <Link href="/" className="button">
              {t.home}
            </Link>
          </div>
        )}
      </section>
    </Shell>
  );
}

function farewell(t: Words, reason?: DisconnectReason): string {
  switch (reason) {
    case DisconnectReason.PARTICIPANT_REMOVED:
      return t.wereRemoved;
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return t.wasEnded;
    case DisconnectReason.DUPLICATE_IDENTITY:
      return t.elsewhere;
    default:
      return t.cutOff;
  }
}

function WaitingRoom({ me, name }: { me: Session; name: string }) {
  const t = useWords();
  const stop = () => void rooms.leave(name).finally(() => go("/"));
  return (
    <Shell title={t.lobby} me={me}>
      <section className="card alone" aria-live="polite">
        <p className="over">{name}</p>
        <h1>{t.waitingTitle}</h1>
        <p>{t.waitingText}</p>
        <div className="breathing" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
        <button type="button" onClick={stop}>
          {t.stopWaiting}
        </button>
      </section>
    </Shell>
  );
}

/** Asks for a ticket, and goes on asking while the room keeps its door shut. */
function useTicket(name: string, me: Session) {
  const t = useWords();
  const [state, setState] = useState<State>({ is: "asking" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let unwanted = false;
    const ask = async () => {
      try {
        const ticket = await join(name, me);
        const room = ticket && (await rooms.get(name).catch(() => null));
        if (unwanted) return;
        setState(ticket ? { is: "in", ticket, room } : { is: "waiting" });
        if (!ticket) timer = setTimeout(() => void ask(), EVERY);
      } catch (e) {
        if (!unwanted) setState({ is: "refused", why: sayingOfRoom(t, e) });
      }
    };
    void ask();
    return () => {
      unwanted = true;
      clearTimeout(timer);
    };
    // Another language asks for no other ticket.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [name, me, attempt]);
  const again = () => {
    setState({ is: "asking" });
    setAttempt(attempt + 1);
  };
  return { state, setState, again };
}
