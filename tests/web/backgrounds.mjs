// Another background, with nothing loaded from elsewhere: what the other side gets is another picture, though two a second
// where the graphics processor is made up.
import assert from "node:assert/strict";
import { moves, person, signIn, startWithGraphics, tile } from "./browser.mjs";

/** The colours of the picture's upper corners, where a background is. */
const corners = (video) =>
  video.evaluate((element) => {
    const paint = new OffscreenCanvas(32, 18).getContext("2d");
    paint.drawImage(element, 0, 0, 32, 18);
    const mean = (x) => {
      const { data } = paint.getImageData(x, 0, 4, 4);
      return [0, 1, 2].map((colour) => data.filter((_, i) => i % 4 === colour).reduce((a, b) => a + b) / 16);
    };
    return [mean(0), mean(28)].flat();
  });

const differ = (a, b) => a.some((value, i) => Math.abs(value - b[i]) > 25);

export async function anotherBackgroundComesFromThisServer(browser, base, password) {
  const painting = await startWithGraphics();
  try {
    await twoBackgrounds(painting, browser, base, password);
  } finally {
    await painting.close();
  }
}

async function twoBackgrounds(painting, browser, base, password) {
  const ada = await person(painting, base);
  const loaded = [];
  ada.on("response", (response) => loaded.push([response.status(), response.url()]));
  await ada.goto("/meeting/room?room=the%20wall");
  await signIn(ada, "ada", password);
  await moves(tile(ada, "ada").locator("video"));
  const bob = await person(browser, base);
  await bob.goto("/meeting/room?room=the%20wall");
  await signIn(bob, "bob", password);
  const seen = tile(bob, "ada").locator("video");
  await moves(seen);
  const plain = await corners(seen);

  await ada.getByRole("button", { name: "Settings" }).click();
  await choose(ada, "Dusk");
  await until("bob sees another background", async () => differ(plain, await corners(seen)));
  await ada.getByRole("button", { name: "Close" }).click();
  await ada.getByRole("button", { name: "Settings" }).click();
  assert.ok(await ada.getByRole("radio", { name: "Dusk" }).isChecked(), "it is remembered");
  await choose(ada, "As it is");
  await until("bob sees the old one", async () => !differ(plain, await corners(seen)));
  const elsewhere = loaded.filter(([, url]) => !url.startsWith(base) && !url.startsWith("blob:"));
  assert.deepEqual(elsewhere, []);
  for (const file of ["selfie.tflite", "vision_wasm_internal.wasm"]) {
    assert.ok(loaded.some(([status, url]) => status === 200 && url.endsWith(`/${file}`)), file);
  }
}

async function choose(page, background) {
  await page.getByRole("radio", { name: background }).click();
  const chosen = (name) => [...document.querySelectorAll("fieldset:enabled label")].some((label) => label.textContent === name && label.querySelector(":checked"));
  await page.waitForFunction(chosen, background, { timeout: 60_000 });
  assert.equal(await page.getByRole("alert").count(), 0, background);
}

async function until(what, isSo) {
  const deadline = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
