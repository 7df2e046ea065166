// What a page keeps from people who cannot see it, or use no mouse.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { width: 360, height: 740 };

/** Nothing serious may be found: by day and by night, at the page's own size and on a phone. */
export async function accessible(page, what) {
  // Evaluated by the debugger: the page's own policy lets no strange script in.
  await page.evaluate(source);
  const own = page.viewportSize();
  const scheme = await page.evaluate(() => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  for (const size of own.width === phone.width ? [own] : [own, phone]) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await look(page, `${what}, ${colorScheme}, ${size.width} px`);
    }
  }
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize(own);
}

async function look(page, what) {
  // Colours on their way from day to night are neither's.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, [], `${what}: ${told.join("\n")}`);
  const { scrollWidth, innerWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, innerWidth: window.innerWidth }));
  assert.ok(scrollWidth <= innerWidth, `${what}: ${scrollWidth} does not fit into ${innerWidth}`);
}
