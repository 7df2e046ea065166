// A camera that does not start in a call: said to whoever comes in, and to whoever tries again.
import { person, signIn, startWithoutConsent, startWithoutDevices } from "./browser.mjs";

const sayings = [
  [startWithoutDevices, "en-GB", "Camera: none was found.", "Start camera"],
  [startWithoutDevices, "sw", "Kamera: haikupatikana."],
  [startWithoutConsent, "fr", "Caméra : le navigateur ne permet pas à cette page de l’utiliser.", "Activer la caméra"],
  [startWithoutConsent, "es", "Cámara: el navegador no permite que esta página lo use."],
];

export async function aCameraThatCannotStartIsSaidInEveryLanguage(_, base, password) {
  for (const [start, language, saying, button] of sayings) {
    const browser = await start();
    try {
      const page = await person(browser, base, { language, width: 360, height: 740, permissions: [] });
      await page.goto("/meeting/room?room=in%20the%20dark");
      await signIn(page, "ada", password);
      const said = page.locator(".news .problem", { hasText: saying });
      await said.waitFor();
      if (!button) continue;
      await said.waitFor({ state: "detached" });
      await page.getByRole("button", { name: button }).click();
      await said.waitFor();
    } finally {
      await browser.close();
    }
  }
}
