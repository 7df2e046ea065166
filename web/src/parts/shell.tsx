import { useEffect, type ReactNode } from "react";
import { useLanguage, useWords } from "../i18n";
import { isLanguage, languages } from "../i18n/languages";
import { Link } from "../router";
import type { Session } from "../session";
import { session } from "../session";
import mark from "./mark.svg";

/** What the pages outside of a call have in common. */
export function Shell({ title, me, children }: { title: string; me?: Session; children: ReactNode }) {
  const t = useWords();
  useTitle(title);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <header className="bar">
        <Link href="/" className="brand">
          <img src={mark} alt="" width="28" height="28" />
          urbania
        </Link>
        <LanguageSwitch />
        {me && (
          <div className="me">
            <Initials name={me.username} />
            <span className="me-name">{me.username}</span>
            <button type="button" className="quiet" onClick={() => session.end()}>
              {t.signOut}
            </button>
          </div>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

export function LanguageSwitch() {
  const t = useWords();
  const { language, speak } = useLanguage();
  return (
    <label className="language">
      <span className="unseen">{t.language}</span>
      <select value={language} onChange={({ target }) => isLanguage(target.value) && speak(target.value)}>
        {Object.entries(languages).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A face for somebody without a picture: two letters on a colour that is always theirs. */
export function Initials({ name }: { name: string }) {
  return (
    <span className={`initials tint-${tint(name)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "?")][0]?.toUpperCase() ?? "?").join("");
}

/** One of six. */
export const tint = (name: string): number => [...name].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 6, 7) % 6;

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · urbania`;
  }, [title]);
}
