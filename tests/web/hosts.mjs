// What only whoever made a meeting can do: let people in, let them speak, end it.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { moves, person, signIn, tile } from "./browser.mjs";

export async function aWebinarWithAWaitingRoom(browser, base, password) {
  const ada = await person(browser, base);
  await ada.goto("/meeting/pre-join");
  await signIn(ada, "ada", password);
  await ada.getByLabel("Name of the meeting").fill("the talk");
  await ada.getByRole("switch", { name: "Webinar" }).check();
  await ada.getByRole("switch", { name: "Waiting room" }).check();
  await ada.getByRole("button", { name: "Start call" }).click();
  await moves(tile(ada, "ada").locator("video"));

  const bob = await person(browser, base);
  await bob.goto("/meeting/room?room=the%20talk");
  await signIn(bob, "bob", password);
  await bob.getByRole("heading", { name: "You are in the waiting room" }).waitFor();
  await accessible(bob, "waiting room");
  await ada.getByRole("button", { name: "People" }).click();
  await ada.getByRole("button", { name: "Let in" }).click();

  await moves(tile(bob, "ada").locator("video"));
  assert.equal(await bob.getByRole("button", { name: "Mute", exact: true }).count(), 0);
  await bob.getByRole("button", { name: "Ask to speak" }).click();
  await ada.getByRole("button", { name: "Let speak: bob" }).click();
  await bob.getByRole("button", { name: "Start camera" }).click();
  await moves(tile(ada, "bob").locator("video"));
  await ada.getByRole("button", { name: "End turn: bob" }).click();
  await bob.getByRole("button", { name: "Ask to speak" }).waitFor();

  await ada.getByRole("button", { name: "End for all" }).click();
  await ada.getByRole("dialog").getByRole("button", { name: "End for all" }).click();
  await bob.getByRole("heading", { name: "The meeting was ended" }).waitFor();
  for (const page of [ada, bob]) await page.context().close();
}
