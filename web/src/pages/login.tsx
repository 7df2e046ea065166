import { useState, type FormEvent } from "react";
import { logIn, Refused } from "../api";
import { useWords } from "../i18n";
import { Field, Problem } from "../parts/field";
import { LanguageSwitch, useTitle } from "../parts/shell";
import mark from "../parts/mark.svg";
import { saying } from "../refusal";
import { go } from "../router";
import { session } from "../session";

export function Login({ next }: { next: string | null }) {
  const t = useWords();
  useTitle(t.signIn);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      session.begin(await logIn(String(form.get("username")), String(form.get("password"))));
      go(next ?? "/", { replace: true });
    } catch (e) {
      setProblem(e instanceof Refused && e.status === 401 ? t.wrongPassword : saying(t, e));
      setBusy(false);
    }
  };
  return (
    <div className="door">
      <header className="door-town">
        <p className="brand">
          <img src={mark} alt="" width="40" height="40" />
          urbania
        </p>
        <p className="tagline">{t.tagline}</p>
      </header>
      <main className="door-form">
        <form className="card" onSubmit={(event) => void submit(event)}>
          <h1>{t.signIn}</h1>
          <Field label={t.username} name="username" autoComplete="username" autoCapitalize="none" required autoFocus />
          <Field label={t.password} name="password" type="password" autoComplete="current-password" required />
          <Problem>{problem}</Problem>
          <button type="submit" className="primary wide" disabled={busy}>
            {busy ? t.signingIn : t.signIn}
          </button>
        </form>
        <LanguageSwitch />
      </main>
    </div>
  );
}
