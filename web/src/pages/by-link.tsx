import { useEffect, useState } from "react";
import { followLink, Refused } from "../api";
import { useWords } from "../i18n";
import { Problem } from "../parts/field";
import { Shell } from "../parts/shell";
import { saying } from "../refusal";
import { session } from "../session";

/** Whoever came by a one-time link gets the session that it leads to. */
export function ByLink({ code, onDone }: { code: string; onDone: () => void }) {
  const t = useWords();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let unwanted = false;
    followLink(code)
      .then((found) => {
        if (unwanted) return;
        session.begin(found);
        onDone();
      })
      .catch((e: unknown) => {
        if (!unwanted) setProblem(e instanceof Refused && e.status === 404 ? t.linkSpent : saying(t, e));
      });
    return () => {
      unwanted = true;
    };
    // The code is all that is asked with.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [code]);
  return (
    <Shell title={t.signIn}>
      <section className="card alone" aria-live="polite">
        {problem ? <Problem>{problem}</Problem> : <p>{t.signingIn}</p>}
        {problem && (
          <div className="row">
            <button type="button" className="primary" onClick={onDone}>
              {t.signIn}
            </button>
          </div>
        )}
      </section>
    </Shell>
  );
}
