// A meeting from the login to the end, between two people.
import assert from "node:assert/strict";
import { accessible } from "./axe.mjs";
import { moves, person, signIn, tile } from "./browser.mjs";

export async function aMeetingFromTheLoginToTheEnd(browser, base, password) {
  const ada = await person(browser, base);
  await ada.goto("/");
  await accessible(ada, "login");
  await signIn(ada, "ada", "wrong");
  await ada.getByRole("alert").waitFor();
  await signIn(ada, "ada", password);
  await ada.getByRole("heading", { name: "Hello, ada" }).waitFor();
  await accessible(ada, "dashboard");

  await ada.getByRole("link", { name: /New meeting/ }).click();
  await moves(ada.locator(".glass video"));
  await ada.waitForFunction(() => Number(document.querySelector("[role=meter]")?.getAttribute("aria-valuenow")) > 5);
  await accessible(ada, "pre-join");
  await ada.getByLabel("Name of the meeting").fill("the daily");
  await ada.getByRole("button", { name: "Start call" }).click();
  await moves(tile(ada, "ada").locator("video"));

  const bob = await person(browser, base);
  await bob.goto("/meeting/invite?room=the%20daily");
  await signIn(bob, "bob", password);
  await bob.getByRole("heading", { name: "the daily" }).waitFor();
  await bob.locator(".faces", { hasText: "ada" }).waitFor();
  await accessible(bob, "invite");
  await bob.getByRole("button", { name: "Join now" }).click();

  await moves(tile(ada, "bob").locator("video"));
  await moves(tile(bob, "ada").locator("video"));
  await accessible(ada, "room");
  await quality(ada);
  await screen(ada, bob);
  await chat(ada, bob);
  await hand(ada, bob);
  await hostControls(ada, bob);

  await ada.getByRole("button", { name: "Leave" }).click();
  await ada.getByRole("heading", { name: "Hello, ada" }).waitFor();
  for (const page of [ada, bob]) await page.context().close();
}

async function quality(ada) {
  await tile(ada, "bob").getByRole("button", { name: /Connection of bob/ }).focus();
  await ada.getByText(/kbit\/s/).waitFor();
  await ada.waitForFunction(() => /[1-9]\d* kbit/.test(document.querySelector(".figures")?.textContent ?? ""));
  await ada.keyboard.press("Escape");
}

async function screen(ada, bob) {
  await bob.getByRole("button", { name: "Share screen" }).click();
  const shared = ada.locator(".lk-participant-tile.large", { hasText: "Screen of bob" }).locator("video");
  await shared.waitFor();
  await ada.waitForFunction(() => document.querySelector(".large video")?.videoWidth > 0);
  await bob.getByRole("button", { name: "Stop sharing" }).click();
  await shared.waitFor({ state: "detached" });
}

async function chat(ada, bob) {
  const opener = (page) => page.getByRole("button", { name: /^Chat/ });
  const say = async (page, text) => {
    await page.getByLabel("Message to everybody").fill(text);
    await page.keyboard.press("Enter");
    await page.locator(".messages", { hasText: text }).waitFor();
  };
  await opener(ada).click();
  await say(ada, "good morning, <b>bob</b>");
  await say(ada, "are you there?");
  await bob.locator(".news", { hasText: "ada wrote a message" }).waitFor();
  await bob.getByRole("button", { name: "Chat, 2 new messages" }).click();
  await bob.locator(".messages", { hasText: "good morning, <b>bob</b>" }).waitFor();
  await bob.getByRole("button", { name: "Chat", exact: true }).waitFor();
  await ada.keyboard.press("Escape");
  await say(bob, "hello ada");
  await ada.getByRole("button", { name: "Chat, 1 new message" }).click();
  for (const text of ["hello ada", "are you there?"]) await ada.locator(".messages", { hasText: text }).waitFor();
  await accessible(ada, "chat");
  for (const close of [() => ada.keyboard.press("Escape"), () => ada.getByRole("button", { name: "Close" }).click()]) {
    await close();
    await ada.locator(".panel").waitFor({ state: "detached" });
    assert.ok(await opener(ada).evaluate((button) => button === document.activeElement), "the focus is back where it was");
    await opener(ada).click();
  }
}

async function hand(ada, bob) {
  await bob.route("**/hand", (route) => route.abort());
  await bob.getByRole("button", { name: "Raise hand" }).click();
  await bob.locator(".news .problem", { hasText: "The server does not answer." }).waitFor();
  await bob.unroute("**/hand");
  await bob.getByRole("button", { name: "Raise hand" }).click();
  await ada.locator(".news", { hasText: "bob raised a hand" }).waitFor();
  await tile(ada, "bob").locator(".tile-hand").waitFor();
  await ada.getByRole("button", { name: "People" }).click();
  await accessible(ada, "people");
  await ada.getByRole("button", { name: "Lower hand: bob" }).click();
  await bob.getByRole("button", { name: "Raise hand" }).waitFor();
}

async function hostControls(ada, bob) {
  assert.equal(await bob.getByRole("button", { name: "End for all" }).count(), 0);
  await ada.getByRole("button", { name: "Mute: bob" }).click();
  await bob.getByRole("button", { name: "Unmute" }).waitFor();
  await ada.getByRole("button", { name: "Remove: bob" }).click();
  await bob.getByRole("heading", { name: "You were removed from the meeting" }).waitFor();
  await tile(ada, "bob").waitFor({ state: "detached" });
}
