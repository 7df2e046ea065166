import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Words } from "./en";
import { choose, load, type Language } from "./languages";

interface Spoken {
  words: Words;
  language: Language;
  speak: (language: Language) => void;
}

const KEY = "urbania.language";

const Context = createContext<Spoken | null>(null);

/** Speaks the browser's language, or the one that somebody chose here. */
export function Speaking({ children }: { children: ReactNode }) {
  const [language, speak] = useState(() => choose(localStorage.getItem(KEY), navigator.languages));
  const [loaded, setLoaded] = useState<{ words: Words; language: Language }>();
  useEffect(() => {
    let wanted = true;
    void load(language).then((words) => {
      if (!wanted) return;
      document.documentElement.lang = language;
      setLoaded({ words, language });
    });
    return () => void (wanted = false);
  }, [language]);
  const spoken = useMemo(() => {
    if (!loaded) return null;
    const choice = (language: Language) => {
      localStorage.setItem(KEY, language);
      speak(language);
    };
    return { ...loaded, speak: choice };
  }, [loaded]);
  return spoken && <Context.Provider value={spoken}>{children}</Context.Provider>;
}

function useSpoken(): Spoken {
  const spoken = useContext(Context);
  if (!spoken) throw new Error("nothing is spoken here");
  return spoken;
}

/** The words of the language that is spoken. */
export const useWords = (): Words => useSpoken().words;

/** Which language is spoken, and how to speak another one. */
export const useLanguage = (): Omit<Spoken, "words"> => useSpoken();
