// Ten thousand series pushed every second, and what server and page make of it:
// node load.mjs <origin> <seconds> <process id of the server>.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { launch, pass, pause, percentile, sorted } from "./browser.mjs";
import { many, post, ROUND } from "./sender.mjs";

const [origin, length, server] = process.argv.slice(2);
const seconds = Number(length);
/** Memory of the server in MB. */
const resident = () => Number(execFileSync("ps", ["-o", "rss=", "-p", server], { encoding: "utf8" })) / 1_000;

const { browser, page, wrong, until } = await launch(origin);
const developer = await page.context().newCDPSession(page);
/** Memory of the page in MB, without what nobody needs any more. */
async function heap() {
  await developer.send("HeapProfiler.collectGarbage");
  const { usedSize } = await developer.send("Runtime.getHeapUsage");
  return usedSize / 1e6;
}

await page.goto(origin);
// A second page, as two developers look at one service.
const other = await page.context().newPage();
await other.goto(`${origin}/#view=cost`);
await page.bringToFront();

/** In the page: gaps between frames, tasks that block it, when it shows a round, keys until painted. */
function measure(round) {
  const seen = { gaps: [], blocked: [], shown: {}, keys: [] };
  window.seen = seen;
  new PerformanceObserver((list) => seen.blocked.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
  });
  let last = performance.now();
  const frame = (now) => {
    seen.gaps.push(now - last);
    last = now;
    const row = document.querySelector(`#series .row[title^="${round}"] .number`);
    if (row) seen.shown[row.textContent] ??= Date.now();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  document.getElementById("filter").addEventListener("keydown", (event) => {
    const pressed = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => seen.keys.push(performance.now() - pressed)));
  });
}

const requests = [];
const begun = {};
async function push(round) {
  begun[round] = Date.now();
  for (const body of many(round)) {
    const sent = performance.now();
    assert.equal(await post(origin, body), 202);
    requests.push(performance.now() - sent);
  }
}

await push(0);
await until(() => /^10,000 series/.test(document.querySelector("#metrics-count").textContent));
const memory = [resident()];
const heaps = [];
requests.length = 0;
await page.locator("#unfold-all").click();
await page.evaluate(measure, ROUND);

const start = performance.now();
const jumps = [];
for (let round = 1; round <= seconds; round += 1) {
  await push(round);
  if (round % 10 === 5 || seconds < 10) {
    await page.keyboard.press("/");
    await page.keyboard.type("s77", { delay: 60 });
    await until(() => document.querySelectorAll("#series .row").length < 200 && /^\d+ of/.test(document.querySelector("#metrics-count").textContent));
    await page.keyboard.press("Escape");
    const jumped = performance.now();
    await page.locator("#series .row").first().click();
    await page.keyboard.press("End");
    await page.locator("#series .row[title$='series=s9999']").waitFor();
    jumps.push(performance.now() - jumped);
    await page.keyboard.press("Home");
  }
  if (round % 30 === 0) memory.push(resident());
  // Once all rows have been drawn and their numbers changed.
  if (round === Math.min(10, seconds)) heaps.push(await heap());
  await pause(start + round * 1_000 - performance.now());
}
await pause(1_500);
const { gaps, blocked, shown, keys } = await page.evaluate(() => window.seen);
heaps.push(await heap());
memory.push(resident());
const late = Object.keys(shown).filter((round) => begun[round]).map((round) => shown[round] - begun[round]);
const rowsDrawn = await page.locator("#series .row").count();

const show = (name, numbers, unit) => {
  const figures = [50, 99, 100].map((hundredths) => percentile(numbers, hundredths));
  const columns = figures.map((value) => (Number.isNaN(value) ? "–" : value.toFixed(1)).padStart(9));
  console.log(`${name.padEnd(44)} ${columns.join("")}  ${unit}  of ${numbers.length}`);
};
console.log(`\n10,000 series each second for ${seconds} s${" ".repeat(16)}   median       99 %      most`);
show("a request of 1,000 lines", requests, "ms");
show("from a push to the page", late, "ms");
show("from a key in the filter to its picture", keys, "ms");
show("from the first row to the last", jumps, "ms");
show("between frames", gaps, "ms");
show("tasks that block the page over 50 ms", blocked, "ms");
console.log(`memory of the server  ${memory.map((value) => value.toFixed(0)).join(" ")} MB`);
console.log(`heap of the page      ${heaps.map((value) => value.toFixed(1)).join(" to ")} MB, ${rowsDrawn} rows drawn\n`);

assert.ok(percentile(requests, 50) < 50, "a request takes 50 ms or more at the median");
assert.ok(percentile(keys, 50) < 100, "a key takes 100 ms or more at the median");
assert.ok(percentile(gaps, 50) < 50, "a frame takes 50 ms or more at the median");
assert.ok(rowsDrawn < 60, `${rowsDrawn} rows are drawn`);
assert.ok(late.length > seconds / 3, `the page showed ${late.length} of ${seconds} pushes`);
if (seconds >= 60) {
  assert.ok(blocked.filter((duration) => duration > 100).length <= seconds / 60, `the page is blocked: ${sorted(blocked)}`);
  assert.ok(memory.at(-1) < 2 * memory[1], "the memory of the server grows");
  assert.ok(heaps[1] < 1.5 * heaps[0] + 5, "the heap of the page grows");
}
assert.deepEqual(wrong, []);
await browser.close();
pass(`10,000 series each second: ${rowsDrawn} rows drawn, nothing stands still`);
