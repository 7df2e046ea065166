// The pages by themselves: in four languages, on a phone, and with nothing in their addresses.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { person, signIn } from "./browser.mjs";

const greetings = {
  "en-US": ["en", "Sign in", "Hello, ada", "New meeting"],
  "fr-CA": ["fr", "Se connecter", "Bonjour, ada", "Nouvelle réunion"],
  "es-MX": ["es", "Iniciar sesión", "Hola, ada", "Nueva reunión"],
  "sw-KE": ["sw", "Ingia", "Habari, ada", "Mkutano mpya"],
  "de-DE": ["en", "Sign in", "Hello, ada", "New meeting"],
};

const refused = {
  en: "You are not invited to this meeting.",
  fr: "Vous n’avez pas été invité à cette réunion.",
  es: "No te han invitado a esta reunión.",
  sw: "Hujaalikwa kwenye mkutano huu.",
};

const nowhere = {
  en: "There is no such page.",
  fr: "Cette page n’existe pas.",
  es: "Esta página no existe.",
  sw: "Hakuna ukurasa kama huu.",
};

// What a browser loads before somebody is on the way to a room, compressed.
const MOST = 300 * 1024;

/** Bob keeps a meeting to himself; who is nobody is told at once. */
export async function onlyWhoIsInvitedByNameComesIn(browser, base, password) {
  const bob = await person(browser, base);
  await bob.goto("/meeting/pre-join");
  await signIn(bob, "bob", password);
  await bob.getByLabel("Name of the meeting").fill("closed doors");
  await bob.getByLabel("Only certain people").fill("eve, zoe");
  await bob.getByRole("button", { name: "Start call" }).click();
  await bob.getByRole("alert").filter({ hasText: "Nobody here signs in as: eve, zoe." }).waitFor();
  await bob.getByLabel("Only certain people").fill("bob");
  await bob.getByRole("button", { name: "Start call" }).click();
  await bob.locator(".lk-participant-tile").first().waitFor();
  await bob.context().close();
}

export async function theFirstLoadIsSmall(browser, base, password) {
  const page = await person(browser, base);
  let bytes = 0;
  const loaded = [];
  page.on("requestfinished", (request) => {
    if (!new URL(request.url()).pathname.startsWith("/api/")) {
      loaded.push(request.sizes().then(({ responseBodySize }) => void (bytes += responseBodySize)));
    }
  });
  await page.goto("/");
  await signIn(page, "ada", password);
  await page.getByRole("heading", { name: "Hello, ada" }).waitFor();
  await page.waitForLoadState("networkidle");
  await Promise.all(loaded);
  assert.ok(bytes > 50 * 1024 && bytes <= MOST, `the first load is ${bytes} bytes`);
  await page.context().close();
}

export async function thePagesInFourLanguages(browser, base, password) {
  for (const [locale, [tag, door, hello, fresh]] of Object.entries(greetings)) {
    const page = await person(browser, base, { language: locale, dark: tag === "fr", width: 360, height: 740 });
    await page.goto("/");
    await page.getByRole("heading", { name: door }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), tag);
    await signIn(page, "ada", password);
    await page.getByRole("heading", { name: hello }).waitFor();
    const lines = await page.locator(".me button").evaluate((button) => {
      const text = document.createRange();
      text.selectNodeContents(button);
      return text.getClientRects().length;
    });
    assert.equal(lines, 1, `signing out in ${tag} is one line`);
    await page.getByRole("link", { name: fresh }).click();
    await page.locator(".glass video").waitFor();
    await accessible(page, `pre-join in ${tag}`);
    await page.goto("/meeting/room?room=closed%20doors");
    await page.getByRole("alert").filter({ hasText: refused[tag] }).waitFor();
    await page.goto("/nope");
    await page.getByRole("heading", { name: nowhere[tag] }).waitFor();
    await accessible(page, `no page in ${tag}`);
    await page.context().close();
  }
}

export async function anotherLanguageIsAChoiceAndASessionLeavesNoTrace(browser, base, password) {
  const page = await person(browser, base);
  const addresses = [];
  page.on("request", (request) => addresses.push(request.url()));
  await page.goto("/login?next=//example.com/");
  await page.getByLabel("Language").selectOption("fr");
  await page.getByRole("heading", { name: "Se connecter" }).waitFor();
  await signIn(page, "ada", password);
  await page.getByRole("heading", { name: "Bonjour, ada" }).waitFor();
  assert.equal(new URL(page.url()).host, new URL(base).host);
  await page.reload();
  await page.getByRole("heading", { name: "Bonjour, ada" }).waitFor();
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await page.getByRole("heading", { name: "Se connecter" }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.ok(addresses.every((address) => !address.includes("eyJ") && address.startsWith(base)), addresses.join("\n"));
  await page.context().close();
}
