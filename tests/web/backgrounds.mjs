// Another background, with nothing loaded from elsewhere. Only where it is asked for: without a graphics processor (GL=1 makes
// one up) it takes minutes.
import assert from "node:assert/strict";
import { moves, person, signIn, tile } from "./browser.mjs";

export async function anotherBackgroundComesFromThisServer(browser, base, password) {
  const ada = await person(browser, base);
  const loaded = [];
  ada.on("response", (response) => loaded.push([response.status(), response.url()]));
  await ada.goto("/meeting/room?room=the%20wall");
  await signIn(ada, "ada", password);
  const picture = tile(ada, "ada").locator("video");
  await moves(picture);
  await ada.getByRole("button", { name: "Settings" }).click();
  for (const background of ["Blurred", "Dusk", "As it is"]) {
    const choice = ada.getByRole("radio", { name: background });
    await choice.click();
    await ada.waitForFunction((name) => [...document.querySelectorAll("fieldset:enabled label")].some((label) => label.textContent === name && label.querySelector(":checked")), background);
    assert.equal(await ada.getByRole("alert").count(), 0, background);
    await moves(picture);
    if (process.env.SHOTS) await ada.screenshot({ path: `${process.env.SHOTS}/background-${background}.png` });
  }
  const elsewhere = loaded.filter(([, url]) => !url.startsWith(base) && !url.startsWith("blob:"));
  assert.deepEqual(elsewhere, []);
  assert.ok(loaded.some(([status, url]) => status === 200 && url.endsWith("/selfie.tflite")));
  await ada.context().close();
}
