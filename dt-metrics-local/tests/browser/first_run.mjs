// A newcomer's first minute: the two commands of the README as processes, and the page in a
// browser: node first_run.mjs <folder for pictures>.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { launch, pass, pause } from "./browser.mjs";

const [folder] = process.argv.slice(2);

/** What the example is told by nothing but its code. */
const unconfigured = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DT_METRICS|OTEL)_/.test(name)));

/** A command, its lines, and its end. */
function run(...command) {
  const child = spawn("cargo", command, { env: unconfigured, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
  const lines = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  process.on("exit", () => child.kill("SIGKILL"));
  return { child, ended, lines };
}

async function said(command, pattern) {
  for (;;) {
    const found = command.lines.map((line) => line.match(pattern)).find(Boolean);
    if (found) return found[1];
    const end = await Promise.race([command.ended, pause(50)]);
    assert.equal(end, undefined, `it ended with ${end}, and never said ${pattern}`);
  }
}

/** Ends as by Ctrl-C. */
async function interrupt(command, expected) {
  command.child.kill("SIGINT");
  assert.equal(await Promise.race([command.ended, pause(10_000)]), expected);
}

let local = run("run", "-p", "dt-metrics-local");
const address = await said(local, /^Watch in a browser: (http\S+)$/);
const { browser, page, wrong, until, changes } = await launch(new URL(address).origin);
await page.goto(address);
await page.waitForSelector("#empty:not([hidden]) #unconfigured:not([hidden])");

const example = run("run", "--bin", "getting_started");
await said(example, /(http:\/\/127\.0\.0\.1:14499)/);
const begun = performance.now();

/** Whether the row of each of these shows a line of three points or more that all differ. */
const moving = (texts) =>
  texts.every((text) => {
    const row = [...document.querySelectorAll("#series .row")].find((row) => row.title.startsWith(text));
    const heights = (row?.querySelector(".line").getAttribute("d") ?? "").match(/(?<= )[\d.]+/g) ?? [];
    return new Set(heights).size >= 3;
  });
await until(moving, [
  "getting_started.rush",
  "getting_started.order.calls drink=espresso outcome=ok",
  "getting_started.order.duration drink=flat_white outcome=ok",
]);
await changes("#chart .line", "d");
const took = (performance.now() - begun) / 1_000;
assert.ok(took < 15, `it took ${took} s`);
pass(`charts of an unconfigured example move ${took.toFixed(1)} s after its start`);

await page.screenshot({ path: `${folder}/first-run.png` });
assert.deepEqual(wrong, []);

await interrupt(local, 0);
await said(example, /^metrics: no endpoint is configured.*(start dt-metrics-local)/);
await page.waitForSelector("#status[data-state='lost']");
local = run("run", "-p", "dt-metrics-local");
await said(local, /^(accepted)/);
await page.waitForSelector("#status[data-state='live']");
await changes("#chart .line", "d");
await said(example, /^metrics: (metrics are accepted again)$/);
pass("the example says what is missing; started again, all goes on by itself");
await browser.close();

await interrupt(example, "SIGINT");
await interrupt(local, 0);
const delivered = Number(await said(local, /: (\d+) lines/));
assert.ok(delivered > 0);
pass("Ctrl-C ends both");
