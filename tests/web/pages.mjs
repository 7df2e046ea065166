// The pages by themselves: in four languages, on a phone, and with nothing in their addresses.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { person, signIn } from "./browser.mjs";

const greetings = {
  "en-US": ["en", "Sign in", "Hello, ada", "New meeting"],
  "fr-CA": ["fr", "Se connecter", "Bonjour, ada", "Nouvelle réunion"],
  "es-MX": ["es", "Entrar", "Hola, ada", "Nueva reunión"],
  "sw-KE": ["sw", "Ingia", "Habari, ada", "Mkutano mpya"],
  "de-DE": ["en", "Sign in", "Hello, ada", "New meeting"],
};

export async function thePagesInFourLanguages(browser, base, password) {
  for (const [locale, [tag, door, hello, fresh]] of Object.entries(greetings)) {
    const page = await person(browser, base, { language: locale, dark: tag === "fr", width: 360, height: 740 });
    await page.goto("/");
    await page.getByRole("heading", { name: door }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), tag);
    await signIn(page, "ada", password);
    await page.getByRole("heading", { name: hello }).waitFor();
    await page.getByRole("link", { name: fresh }).click();
    await page.locator(".glass video").waitFor();
    await accessible(page, `pre-join in ${tag}`);
    const { scrollWidth, innerWidth } = await page.evaluate(() => ({
      scrollWidth: document.documentElement.scrollWidth,
      innerWidth: window.innerWidth,
    }));
    assert.ok(scrollWidth <= innerWidth, `${tag}: ${scrollWidth} does not fit into ${innerWidth}`);
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
