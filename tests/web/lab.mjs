// Several participants in one window; the server is one for development.
import { accessible } from "./axe.mjs";
import { moves, person } from "./browser.mjs";

export async function threeParticipantsSeeEachOtherInOneWindow(browser, base) {
  const page = await person(browser, base, { width: 1280, height: 1400 });
  await page.goto("/lab");
  await accessible(page, "empty lab");
  const add = page.getByRole("button", { name: "Add participant" });
  for (const name of ["P1", "P2", "P3"]) {
    await add.click();
    await page.locator(".cell header", { hasText: name }).waitFor();
  }
  for (const cell of [0, 1, 2]) await page.getByText(/sees 2 of 2/).nth(cell).waitFor();
  await moves(page.locator(".cell").first().locator(".lk-participant-tile", { hasText: "P3" }).locator("video"));
  await accessible(page, "lab");
  await page.getByRole("button", { name: "Kill: P3" }).click();
  await page.getByText(/sees 1 of 1/).nth(1).waitFor();
  await page.getByRole("button", { name: "Kill all" }).click();
  await page.getByText(/Nobody is here/).waitFor();
  await page.context().close();
}
