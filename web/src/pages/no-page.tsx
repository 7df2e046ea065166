import { useWords } from "../i18n";
import { Shell } from "../parts/shell";
import { Link } from "../router";
import type { Session } from "../session";

/** An address of this server that is no page. */
export function NoPage({ me }: { me: Session | null }) {
  const t = useWords();
  return (
    <Shell title={t.noSuchPage} {...(me && { me })}>
      <section className="card alone">
        <h1>{t.noSuchPage}</h1>
        <Link href="/" className="button primary">
          {t.home}
        </Link>
      </section>
    </Shell>
  );
}
