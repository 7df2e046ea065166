import { expect, test } from "vitest";
import { choose, languages, load, type Language } from "./languages";

test("a choice beats the browser, the browser beats English", () => {
  expect(choose("fr", ["sw-KE"])).toBe("fr");
  expect(choose(null, ["de-DE", "sw-KE", "es"])).toBe("sw");
  expect(choose("toString", ["ES-mx"])).toBe("es");
  expect(choose(null, ["de"])).toBe("en");
  expect(choose(null, [])).toBe("en");
});

test("every language says something of its own everywhere", async () => {
  const english = await load("en");
  const all = await Promise.all((Object.keys(languages) as Language[]).map(load));
  expect(new Set(all.map(({ signIn }) => signIn)).size).toBe(4);
  for (const words of all) {
    expect(Object.keys(words)).toEqual(Object.keys(english));
    for (const [key, word] of Object.entries(words)) {
      const said = typeof word === "string" ? word : (word as (...given: unknown[]) => string)("X", 2);
      expect(said.trim(), key).not.toBe("");
      expect(typeof word === "string" || /X|2/.test(said), key).toBe(true);
    }
  }
});
