// node lighthouse.mjs BASE: what Lighthouse makes of each page for people who cannot see it, or use no mouse; PASSWORD is ada's.
import puppeteer from "puppeteer-core";
import { snapshot } from "lighthouse";
import { flags } from "./browser.mjs";

const LEAST = 95;
const [base] = process.argv.slice(2);
const pages = [
  ["/", ".doors"],
  ["/meeting/pre-join", ".glass video"],
  ["/meeting/invite?room=lighthouse", ".glass video"],
  ["/meeting/room?room=lighthouse", ".lk-participant-tile video"],
  ["/lab", ".cells, .empty"],
];

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: [...flags, "--disable-gpu"] });
const page = await browser.newPage();
const low = [];

async function score(what) {
  const { lhr } = await snapshot(page, { flags: { onlyCategories: ["accessibility"], logLevel: "error" } });
  const points = Math.round(lhr.categories.accessibility.score * 100);
  console.log(`${points} ${what}`);
  const missed = Object.values(lhr.audits).filter(({ score }) => score === 0).map(({ id }) => id);
  if (points < LEAST) low.push(`${what} has ${points}: ${missed.join(", ")}`);
}

try {
  await page.setExtraHTTPHeaders({ "accept-language": "en" });
  await page.goto(`${base}/login`);
  await page.waitForSelector('input[name="username"]');
  await score("/login");
  await page.type('input[name="username"]', "ada");
  await page.type('input[name="password"]', process.env.PASSWORD);
  await page.click('button[type="submit"]');
  await page.waitForSelector(".doors");
  for (const [path, there] of pages) {
    await page.goto(base + path);
    await page.waitForSelector(there, { timeout: 20_000 });
    await score(path);
  }
  if (low.length) throw new Error(low.join("\n"));
} catch (e) {
  console.error(e);
  process.exitCode = 1;
} finally {
  await browser.close();
}
