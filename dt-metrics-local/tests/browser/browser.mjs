// A browser with a page in it, and what tests do to it.
// PLAYWRIGHT and AXE name the packages, CHROMIUM the browser if it is not Playwright's own.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT);

export const SOON = { timeout: 15_000 };

export const pass = (what) => console.log(`ok  ${what}`);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The numbers in order, and the one below which so many hundredths of them are. */
export const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
export const percentile = (numbers, hundredths) =>
  sorted(numbers)[Math.min(numbers.length - 1, Math.floor((numbers.length * hundredths) / 100))] ?? NaN;

/** The page of that origin is yet to be opened. `wrong` fills with what must not happen. */
export async function launch(origin) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || undefined });
  const context = await browser.newContext({ viewport: { width: 1440, height: 860 }, colorScheme: "light" });
  if (process.env.AXE) await context.addInitScript({ path: `${process.env.AXE}/axe.min.js` });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON.timeout);
  const wrong = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) wrong.push(`request to ${request.url()}`);
  });
  const bound = (helper) => (...rest) => helper(page, ...rest);
  return { browser, page, wrong, until: bound(until), changes: bound(changes), pictures: bound(pictures) };
}

/** Fails if axe finds a barrier on the page as it is. */
export async function accessible(page, view) {
  const found = await page.evaluate(async () => {
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
  });
  assert.deepEqual(found, [], `barriers in the view ${view}`);
}

/** Waits for a condition in the page; asked from outside, since the page's policy forbids `eval`. */
async function until(page, condition, argument) {
  const deadline = Date.now() + SOON.timeout;
  while (!(await page.evaluate(condition, argument))) {
    assert.ok(Date.now() < deadline, `never came: ${condition}`);
    await pause(50);
  }
}

const look = ([selector, attribute]) => {
  const found = document.querySelector(selector);
  return attribute ? found?.getAttribute(attribute) : found?.textContent;
};

/** Waits until an attribute or the text of an element changes. */
async function changes(page, selector, attribute = "") {
  const before = await page.evaluate(look, [selector, attribute]);
  const deadline = Date.now() + SOON.timeout;
  while ((await page.evaluate(look, [selector, attribute])) === before) {
    assert.ok(Date.now() < deadline, `${selector} never changed`);
    await pause(50);
  }
}

/** A picture in each theme. */
async function pictures(page, folder) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${folder}/page-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
}
