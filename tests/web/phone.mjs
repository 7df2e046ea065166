// node phone.mjs LINK: what a phone meets at the door for phones. It stays in the call until its stdin ends.
// HOME trusts the door's authority, STRANGER is a home that does not, HERTZ is what is to be heard, MOST_LOGINS the limit.
import assert from "node:assert/strict";
import { complaints, moves, person, start, tile } from "./browser.mjs";

const [link] = process.argv.slice(2);
const { STRANGER, HERTZ, MOST_LOGINS, SHOTS } = process.env;
const door = new URL(link).origin;
const phone = { width: 360, height: 740, touch: true };

/** Whoever does not trust the authority sees nothing of the door. */
async function aStrangerIsKeptOutByTheBrowser() {
  const browser = await start({ home: STRANGER });
  const page = await person(browser, door, phone);
  await assert.rejects(page.goto("/login"), /ERR_CERT_AUTHORITY_INVALID/);
  await page.context().close();
  await browser.close();
}

/** Plain HTTP is the page that says how to trust it. */
async function theWayToTrustIsOverPlainHttp(browser) {
  const page = await person(browser, door.replace("https", "http"), phone);
  await page.goto("/");
  await page.getByRole("heading", { name: "Trust this machine, once" }).waitFor();
  await page.getByText(/[0-9A-F]{2}(:[0-9A-F]{2}){31}/).waitFor();
  const { scrollWidth, innerWidth } = await page.evaluate(() => ({
    scrollWidth: document.documentElement.scrollWidth,
    innerWidth: window.innerWidth,
  }));
  assert.ok(scrollWidth <= innerWidth, `${scrollWidth} does not fit into ${innerWidth}`);
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/certificate-phone.png`, fullPage: true });
  await page.context().close();
}

async function aLinkLeadsIntoTheCallOnce(browser) {
  const page = await person(browser, door, phone);
  const addresses = [];
  page.on("request", (request) => addresses.push(request.url()));
  page.on("websocket", (socket) => addresses.push(socket.url()));
  await page.goto(link);
  await page.getByRole("button", { name: "Join now" }).click();
  await moves(tile(page, "ada").locator("video"));
  await hears(page, Number(HERTZ));
  assert.ok(!page.url().includes("#"), page.url());
  const code = new URL(link).hash.slice("#code=".length);
  assert.ok(addresses.every((address) => !address.includes(code)), addresses.join("\n"));
  const own = [door, door.replace("https", "wss"), `blob:${door}`, "data:"];
  assert.ok(addresses.every((address) => own.some((origin) => address.startsWith(origin))), addresses.join("\n"));
  assert.ok(addresses.some((address) => address.startsWith(`${door.replace("https", "wss")}/rtc`)), addresses.join("\n"));
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/phone-in-call.png` });

  const late = await person(browser, door, phone);
  await late.goto(link);
  await late.getByText("This link was used or has expired").waitFor();
  await late.getByRole("button", { name: "Sign in" }).click();
  await late.getByLabel("Password").waitFor();
  await late.context().close();
  return page;
}

/** Whether a tone stands out of what the page plays. */
async function hears(page, hertz) {
  await page.evaluate(async (hertz) => {
    const until = Date.now() + 20_000;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
    const context = new AudioContext();
    await context.resume();
    let heard = 0;
    let ear;
    while (Date.now() < until) {
      const played = [...document.querySelectorAll("audio")].find((audio) => audio.srcObject && !audio.paused);
      if (played && !ear) {
        ear = new AnalyserNode(context, { fftSize: 4096 });
        context.createMediaStreamSource(played.srcObject).connect(ear);
      }
      if (ear) {
        const levels = new Float32Array(ear.frequencyBinCount);
        ear.getFloatFrequencyData(levels);
        const peak = levels.indexOf(Math.max(...levels));
        heard = levels[peak] > -70 ? (peak * context.sampleRate) / ear.fftSize : 0;
        if (Math.abs(heard - hertz) < 30) return;
      }
      await pause();
    }
    throw new Error(`${heard} Hz where ${hertz} are expected`);
  }, hertz);
}

/** What a phone has no need of is not there, whatever it says of itself. */
async function nothingElseIsBehindTheDoor(page) {
  const asked = [
    ...["/metrics", "/healthz", "/readyz", "/docs", "/openapi.json", "/lab", "/api/admin/rooms", "/api/livekit/events"].map((path) => ["GET", path]),
    ...["/api/livekit/webhook", "/api/connection-details", "/api/v2/sandbox/connection-details", "/api/auth/links", "/api/calls/livekit-token"].map((path) => ["POST", path]),
    ["POST", "/twirp/livekit.RoomService/ListRooms"],
    ["GET", "/api/livekit/rooms/%2e%2e/%2e%2e/admin/rooms"],
    ["GET", "/rtc/%2e%2e/twirp/livekit.RoomService/ListRooms"],
  ];
  const statuses = await page.evaluate(async (asked) => {
    const me = JSON.parse(sessionStorage.getItem("urbania.session")).token;
    const headers = { authorization: `Bearer ${me}`, "urbania-sfu": "wss://elsewhere.example" };
    const answers = asked.map(async ([method, path]) => `${method} ${path} ${(await fetch(path, { method, headers })).status}`);
    return Promise.all(answers);
  }, asked);
  assert.deepEqual(statuses.filter((line) => !line.endsWith(" 404")), []);
  // The door says where the SFU is, and no guest does.
  const policy = await page.evaluate(async () => {
    const answer = await fetch("/login", { headers: { "urbania-sfu": "wss://elsewhere.example" } });
    return answer.headers.get("content-security-policy");
  });
  assert.ok(policy.endsWith(`connect-src 'self' ${door.replace("https", "wss")} ${door}`), policy);
}

/** Attempts to log in are counted by who makes them, whomever they claim to speak for. */
async function guessesAreCountedByWhoMakesThem(page) {
  const statuses = await page.evaluate(async (most) => {
    const found = [];
    for (let i = 0; i <= most; i += 1) {
      const headers = { "content-type": "application/json", "x-forwarded-for": `10.9.8.${i}`, forwarded: `for=10.9.8.${i}` };
      const body = JSON.stringify({ username: `nobody${i}`, password: "guess" });
      found.push((await fetch("/api/auth/login", { method: "POST", headers, body })).status);
    }
    return found;
  }, Number(MOST_LOGINS));
  assert.equal(statuses.at(-1), 429, statuses.join(" "));
}

let browser;
try {
  await aStrangerIsKeptOutByTheBrowser();
  browser = await start();
  await theWayToTrustIsOverPlainHttp(browser);
  const page = await aLinkLeadsIntoTheCallOnce(browser);
  console.log("in the call");
  for await (const _ of process.stdin);
  await nothingElseIsBehindTheDoor(page);
  await guessesAreCountedByWhoMakesThem(page);
  if (complaints.length) throw new Error(complaints.join("\n"));
  console.log("done");
} catch (e) {
  console.error(e);
  process.exitCode = 1;
} finally {
  await browser?.close();
}
