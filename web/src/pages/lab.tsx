import "@livekit/components-styles/index.css";
import "../style/room.css";
import "../style/lab.css";
import { useState, type FormEvent } from "react";
import { join, logIn, Refused, sandbox, type Ticket } from "../api";
import { useWords } from "../i18n";
import { Cell, type Member } from "../lab/cell";
import { Choice, Field, Problem } from "../parts/field";
import { Icon } from "../parts/icon";
import { Shell } from "../parts/shell";
import { saying } from "../refusal";

const MOST = 9;

/** Several participants side by side. */
export default function Lab() {
  const t = useWords();
  const [room, setRoom] = useState("lab");
  const [media, setMedia] = useState("fake");
  const { members, add, kill, killAll, problem, busy, needsAccounts } = useMembers(room, media === "fake");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void add(String(form.get("username") ?? ""), String(form.get("password") ?? ""));
  };
  return (
    <Shell title={t.lab}>
      <h1>{t.lab}</h1>
      <p>{t.labText}</p>
      <form className="card lab-form" onSubmit={submit}>
        <Field label={t.labRoom} value={room} required maxLength={128} disabled={members.length > 0} onChange={({ target }) => setRoom(target.value)} />
        <Choice
          label={t.media}
          value={media}
          options={[
            { value: "fake", label: t.fake },
            { value: "real", label: t.real },
          ]}
          empty=""
          onChoose={setMedia}
        />
        {needsAccounts && (
          <>
            <Field label={t.username} name="username" autoComplete="off" autoCapitalize="none" required />
            <Field label={t.password} name="password" type="password" autoComplete="off" required />
          </>
        )}
        <button type="submit" className="primary" disabled={busy || members.length >= MOST}>
          <Icon name="plus" />
          {t.addParticipant}
        </button>
        {members.length > 0 && (
          <button type="button" className="danger" onClick={killAll}>
            {t.killAll}
          </button>
        )}
      </form>
      {needsAccounts && <p className="note">{t.labNoSandbox}</p>}
      {members.length >= MOST && <p className="note">{t.labFull}</p>}
      <Problem>{problem}</Problem>
      {members.length === 0 && <p className="empty">{t.labEmpty}</p>}
      <ul className="cells">
        {members.map((member) => (
          <Cell key={member.number} member={member} onKill={() => kill(member)} />
        ))}
      </ul>
    </Shell>
  );
}

/** Tokens come from the sandbox of a server for development, elsewhere from accounts. */
function useMembers(room: string, isFake: boolean) {
  const t = useWords();
  const [members, setMembers] = useState<Member[]>([]);
  const [next, setNext] = useState(1);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [needsAccounts, setNeedsAccounts] = useState(false);
  const add = async (username: string, password: string) => {
    const name = needsAccounts ? username : `P${next}`;
    setBusy(true);
    setProblem("");
    try {
      const ticket = needsAccounts ? await ticketOf(room, username, password) : await sandbox(room, name);
      if (ticket) setMembers((members) => [...members, { number: next, name, ticket, isFake }]);
      setNext(next + 1);
    } catch (e) {
      if (e instanceof Refused && e.status === 404 && !needsAccounts) setNeedsAccounts(true);
      else if (e instanceof Refused && e.status === 401) setProblem(t.wrongPassword);
      else setProblem(saying(t, e));
    }
    setBusy(false);
  };
  const kill = (member: Member) => setMembers((members) => members.filter((other) => other !== member));
  return { members, add, kill, killAll: () => setMembers([]), problem, busy, needsAccounts };
}

async function ticketOf(room: string, username: string, password: string): Promise<Ticket | null> {
  return join(room, await logIn(username, password));
}
