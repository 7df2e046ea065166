// Real Chromium, one process for all; each person has a context of their own, as if on another machine.
import { chromium } from "playwright-core";

export const flags = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--auto-select-desktop-capture-source=Entire screen",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

const launch = (more, { home = process.env.HOME, without = "" } = {}) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...flags.filter((flag) => flag !== without), ...more],
    env: { ...process.env, HOME: home },
  });

/** With `home`, the browser trusts what is trusted there. */
export const start = ({ home } = {}) => launch(["--disable-gpu"], { home });

/** One that has neither camera nor microphone, and one that lets no page use them. */
export const startWithoutDevices = () => launch(["--disable-gpu"], { without: "--use-fake-device-for-media-stream" });
export const startWithoutConsent = () => launch(["--disable-gpu", "--use-fake-ui-for-media-stream=deny"], { without: "--use-fake-ui-for-media-stream" });

/** The same with a graphics processor that is made up: backgrounds are painted by one. */
export const startWithGraphics = () => launch(["--enable-unsafe-swiftshader", "--use-angle=swiftshader"]);

/** What a browser complains about: nobody's mistake is all right. */
export const complaints = [];

/** A person in front of a browser. */
export async function person(browser, base, { language = "en-GB", width = 1280, height = 800, dark = false, touch = false, permissions = ["camera", "microphone", "clipboard-read", "clipboard-write"] } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    locale: language,
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    hasTouch: touch,
    permissions,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (e) => complaints.push(`${page.url()}: ${e.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Permissions policy/i.test(message.text())) complaints.push(message.text());
  });
  return page;
}

/** Signs in at the door that the page was led to. */
export async function signIn(page, name, password) {
  await page.locator('input[name="username"]').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
}

/** Waits until a picture moves: two looks at its pixels differ, and it is not one colour. */
export async function moves(video) {
  await video.evaluate(async (element) => {
    const canvas = new OffscreenCanvas(64, 36);
    const paint = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      paint.drawImage(element, 0, 0, 64, 36);
      return paint.getImageData(0, 0, 64, 36).data;
    };
    const differ = (a, b) => a.reduce((n, value, i) => n + (Math.abs(value - b[i]) > 16 ? 1 : 0), 0);
    const until = Date.now() + 20_000;
    let before = look();
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const now = look();
      const isFlat = now.every((value, i) => i % 4 === 3 || Math.abs(value - now[i % 4]) < 8);
      if (!isFlat && differ(before, now) > 4) return;
      before = now;
    }
    throw new Error(`the picture does not move: ${element.videoWidth} × ${element.videoHeight}`);
  });
}

/** The tile of somebody. */
export const tile = (page, name) => page.locator(".lk-participant-tile", { hasText: name });
