// node pictures.mjs BASE FOLDER: every page as it looks, by day on a desk and by night on a phone.
import { moves, person, signIn, start, tile } from "./browser.mjs";

const [base, folder] = process.argv.slice(2);
const password = process.env.PASSWORD;
const looks = {
  "": { width: 1280, height: 800 },
  "-phone-night": { width: 360, height: 740, touch: true, dark: true },
};

const browser = await start();

/** Shoots a page on which nothing is on its way any more. */
async function shoot(page, name) {
  await page.evaluate(async () => {
    const moving = document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
    await Promise.allSettled(moving.map((one) => one.finished));
  });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

async function pages(ending, look) {
  const ada = await person(browser, base, look);
  await ada.goto("/");
  await ada.getByRole("heading", { name: "Sign in" }).waitFor();
  await shoot(ada, `login${ending}`);
  await signIn(ada, "ada", password);
  await ada.locator(".room-row").first().waitFor();
  await shoot(ada, `dashboard${ending}`);
  await ada.getByRole("link", { name: /New meeting/ }).click();
  await moves(ada.locator(".glass video"));
  await ada.getByLabel("Name of the meeting").fill("the weekly");
  await shoot(ada, `pre-join${ending}`);
  await ada.goto("/meeting/invite?room=the%20daily");
  await moves(ada.locator(".glass video"));
  await ada.locator(".faces li").first().waitFor();
  await shoot(ada, `invite${ending}`);
  await ada.goto("/lab");
  for (const name of ["P1", "P2", "P3"]) {
    await ada.getByRole("button", { name: "Add participant" }).click();
    await ada.locator(".cell", { hasText: name }).first().waitFor();
  }
  // What is not on the screen is not sent.
  await ada.getByText(/sees 2 of 2/).first().waitFor();
  await ada.locator(".cells").scrollIntoViewIfNeeded();
  await shoot(ada, `lab${ending}`);
  await ada.context().close();
}

/** Somebody in a call, who stays. */
async function member(name, room = "the%20daily") {
  const page = await person(browser, base, { width: 900, height: 600 });
  await page.goto(`/meeting/room?room=${room}`);
  await signIn(page, name, password);
  await page.locator(".lk-participant-tile").first().waitFor();
  return page;
}

async function makeRooms() {
  const page = await person(browser, base);
  await page.goto("/");
  await signIn(page, "ada", password);
  await page.getByRole("heading", { name: "Hello, ada" }).waitFor();
  await page.evaluate(async () => {
    const { token } = JSON.parse(sessionStorage.getItem("urbania.session"));
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    for (const room of [
      { room_name: "the daily", call_type: "video" },
      { room_name: "reading circle", call_type: "audio", lobby: true },
      { room_name: "how cities grow", call_type: "video", mode: "webinar" },
    ]) {
      await fetch("/api/livekit/rooms", { method: "POST", headers, body: JSON.stringify({ participants: [], ...room }) });
    }
  });
  await page.context().close();
}

async function room(ending, look) {
  const ada = await person(browser, base, look);
  await ada.goto("/meeting/room?room=the%20daily");
  await signIn(ada, "ada", password);
  await moves(tile(ada, "bob").locator("video"));
  await ada.locator(".news p").last().waitFor({ state: "detached" });
  await shoot(ada, `room${ending}`);
  await ada.getByRole("button", { name: "Chat" }).click();
  await ada.getByLabel("Message to everybody").fill("Shall we begin?");
  await ada.keyboard.press("Enter");
  await ada.locator(".messages", { hasText: "Shall we begin?" }).waitFor();
  await shoot(ada, `chat${ending}`);
  await ada.getByRole("button", { name: "People" }).click({ force: true });
  await shoot(ada, `people${ending}`);
  await ada.context().close();
}

async function waitingRoom(ending, look) {
  const bob = await person(browser, base, look);
  await bob.goto("/meeting/room?room=reading%20circle");
  await signIn(bob, "bob", password);
  await bob.getByRole("heading", { name: "You are in the waiting room" }).waitFor();
  await shoot(bob, `waiting${ending}`);
  await bob.context().close();
}

/** What the one who speaks sees of those who listen. */
async function webinar(ending, look) {
  const talk = "how%20cities%20grow";
  const ada = await person(browser, base, look);
  await ada.goto(`/meeting/room?room=${talk}`);
  await signIn(ada, "ada", password);
  await moves(tile(ada, "ada").locator("video"));
  const listener = await member("chioma", talk);
  await listener.getByRole("button", { name: "Ask to speak" }).click();
  await ada.getByRole("button", { name: "People" }).click({ force: true });
  await ada.getByRole("button", { name: "Let speak: chioma" }).waitFor();
  await shoot(ada, `webinar${ending}`);
  for (const page of [ada, listener]) await page.context().close();
}

try {
  await makeRooms();
  const stay = [await member("bob"), await member("chioma")];
  await stay[1].getByRole("button", { name: "Raise hand" }).click();
  await stay[1].getByRole("button", { name: "Stop camera" }).click();
  for (const [ending, look] of Object.entries(looks)) {
    await pages(ending, look);
    await room(ending, look);
    await waitingRoom(ending, look);
    await webinar(ending, look);
  }
} finally {
  await browser.close();
}
