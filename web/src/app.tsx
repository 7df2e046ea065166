import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { useWords } from "./i18n";
import { takeCode } from "./link";
import { Dashboard } from "./pages/dashboard";
import { ByLink } from "./pages/by-link";
import { Login } from "./pages/login";
import { Invite } from "./pages/invite";
import { PreJoin } from "./pages/pre-join";
import { NoPage } from "./pages/no-page";
import { go, pages, usePlace, type Place } from "./router";
import { session, type Session } from "./session";

// The SFU's client is half of all there is to load: not before somebody is on the way to a room.
const RoomPage = lazy(() => import("./pages/room"));
const Lab = lazy(() => import("./pages/lab"));

const useSession = () => useSyncExternalStore(session.subscribe, session.get);

export function App() {
  const [code, setCode] = useState(takeCode);
  return code ? <ByLink code={code} onDone={() => setCode(null)} /> : <Pages />;
}

function Pages() {
  const t = useWords();
  const place = usePlace();
  const signedIn = useSession();
  const isPublic = place.path === "/login" || place.path === "/lab" || !pages.includes(place.path);
  useEffect(() => {
    if (signedIn || isPublic) return;
    const here = location.pathname + location.search;
    go(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`, { replace: true });
  }, [signedIn, isPublic]);
  return <Suspense fallback={<p className="loading">{t.loading}</p>}>{page(place, signedIn)}</Suspense>;
}

function page({ path, room, next }: Place, me: Session | null) {
  if (path === "/login") return <Login next={next} />;
  if (path === "/lab") return <Lab />;
  if (!pages.includes(path)) return <NoPage me={me} />;
  if (!me) return null;
  if (path === "/meeting/pre-join") return <PreJoin me={me} />;
  if (path === "/meeting/invite" && room) return <Invite me={me} room={room} />;
  if (path === "/meeting/room" && room) return <RoomPage key={room} me={me} room={room} />;
  return <Dashboard me={me} />;
}
