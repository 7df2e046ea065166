import type { Words } from "./en";

/** What the client speaks, each in its own words. */
export const languages = { en: "English", fr: "Français", es: "Español", sw: "Kiswahili" } as const;

export type Language = keyof typeof languages;

/** Loaded when it is spoken. */
const dictionaries: Record<Language, () => Promise<Words>> = {
  en: async () => (await import("./en")).en,
  fr: async () => (await import("./fr")).fr,
  es: async () => (await import("./es")).es,
  sw: async () => (await import("./sw")).sw,
};

export const load = (language: Language): Promise<Words> => dictionaries[language]();

export function isLanguage(tag: string | null): tag is Language {
  return tag !== null && Object.hasOwn(languages, tag);
}

/** The one that was chosen before, else the first of the browser's that is spoken, else English. */
export function choose(chosen: string | null, preferred: readonly string[]): Language {
  const tags = [chosen, ...preferred.map((tag) => tag.toLowerCase().split("-")[0] ?? "")];
  return tags.find(isLanguage) ?? "en";
}
