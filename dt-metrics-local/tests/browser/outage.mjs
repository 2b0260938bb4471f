// An outage started on the page, and a real program that survives it:
// node outage.mjs <origin> <folder for pictures> <program> [seconds].

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { launch, pass, pause } from "./browser.mjs";

const [origin, folder, program, length = "5"] = process.argv.slice(2);
const seconds = Number(length);
/** Seconds before the outage and after it. */
const [BEFORE, AFTER] = [4, Math.max(6, seconds)];

const unconfigured = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DT_METRICS|OTEL)_/.test(name)));
const env = { ...unconfigured, DT_METRICS_INGEST_URL: `${origin}/api/v2/metrics/ingest` };
const child = spawn(program, [String(BEFORE + seconds + AFTER)], { env, stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => child.kill("SIGKILL"));
let said = "";
child.stdout.on("data", (text) => (said += text));
const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));

const { browser, page, wrong, until } = await launch(origin);
const read = async (path) => (await fetch(`${origin}${path}`)).json();
await page.goto(`${origin}/#view=delivery`);
await until(() => document.querySelector("#no-health").hidden);
await pause(BEFORE * 1_000);

// The page offers 10 s and more; a shorter outage is ended by its button.
await page.locator(`input[name=seconds][value='${seconds > 10 ? 30 : 10}']`).check();
await page.getByRole("button", { name: "Answer 503" }).click();
await until(() => /answers 503/.test(document.querySelector("#outage-state").textContent));
const from = Date.now();
await page.locator("#requests .row", { hasText: "503" }).first().waitFor();
await pause(seconds * 1_000 - (Date.now() - from));
if (seconds >= 20) await page.screenshot({ path: `${folder}/outage-during.png` });
if (seconds < 10) await page.getByRole("button", { name: "End the outage" }).click();
const to = Date.now();
await until(() => document.querySelector("#outage-state").textContent === "The endpoint works.");
pass(`an outage of ${((to - from) / 1_000).toFixed(0)} s starts and ends on the page`);

setTimeout(() => child.kill("SIGKILL"), 60_000).unref();
assert.equal(await ended, 0, "the program ends by itself");
const counted = Number(/^(\d+) calls$/m.exec(said)[1]);
const { series } = await read("/api/series");
const calls = series.filter(({ metric, kind }) => kind === "count" && /^shop\..*\.calls$/.test(metric));
const sum = (all, of) => all.reduce((total, each) => total + of(each), 0);
assert.equal(sum(calls, ({ total }) => total), counted);
const durations = series.filter(({ metric }) => /^shop\..*\.duration$/.test(metric));
assert.equal(sum(durations, ({ values }) => values), counted);
pass(`all ${counted} calls have arrived, ${series.length} series`);

// Each point is at its own time: points of the outage arrived after it.
const points = async (metric) => (await read(`/api/history?step=1&metrics=${metric}`)).metrics[0].points;
const busiest = calls.toSorted((a, b) => b.total - a.total)[0].metric;
const filled = (await points(busiest)).filter(([at, , , , value]) => at > from && at < to - 1_000 && value > 0);
assert.ok(filled.length >= (seconds - 1) / 3, `${filled.length} points in an outage of ${seconds} s`);
const pending = await points("shop.dt_metrics.exporter.points_pending");
const during = Math.max(...pending.filter(([at]) => at > from && at < to).map(([, , , , value]) => value));
const before = Math.max(...pending.filter(([at]) => at < from - 1_000).map(([, , , , value]) => value));
const [, , , , last] = pending.at(-1);
assert.ok(during > 2 * before + 50, `pending data points: ${before} before, ${during} in the outage`);
assert.ok(last < during / 2, `${last} of ${during} data points are pending at the end`);
const retries = sum(series.filter(({ metric }) => metric.endsWith("exporter.retries")), ({ total }) => total);
assert.ok(retries > 0, "no request was sent again");
pass(`the gap is filled; pending data points rise to ${during} and fall to ${last}, after ${retries} retries`);

await page.waitForSelector("#pending-chart .line", { state: "attached" });
await page.screenshot({ path: `${folder}/outage.png` });
await page.goto(`${origin}/#filter=${busiest}`);
await page.locator("#series .row").first().click();
// One line without a break: each part of a curve begins with an M.
await until(() => /^M[^M]+$/.test(document.querySelector("#chart .line")?.getAttribute("d") ?? ""));
await page.screenshot({ path: `${folder}/outage-filled.png` });
pass("the chart shows one line across the outage");

// Somebody who has never seen the page looks for the function with the highest error rate.
await page.goto(origin);
await page.getByRole("tab", { name: "Functions" }).click();
await page.getByRole("button", { name: "Errors", exact: true }).first().click();
assert.equal(await page.locator("#function-table tbody tr").count(), 40);
const worst = page.locator("#function-table tbody tr").first().getByRole("button");
assert.equal(await worst.textContent(), "shop.online_shop.apply_voucher");
await worst.click();
const route = await page.locator("#function-values tbody tr").first().locator("td").allTextContents();
assert.equal(route[0], "route=/app");
assert.match(await page.locator("#function-cost").textContent(), /data points a minute, \d\S* a year/);
const source = readFileSync(new URL("../../../examples/online_shop.rs", import.meta.url), "utf8");
const line = source.split("\n").findIndex((text) => text.includes("apply_voucher")) + 1;
const link = page.locator("#function-place a");
assert.equal(await link.textContent(), `examples/online_shop.rs:${line}`);
assert.match(await link.getAttribute("href"), /^vscode:\/\/file\/.*online_shop\.rs:\d+$/);
await page.screenshot({ path: `${folder}/function.png` });
pass(`of 40 functions with ${series.length} series, three clicks show the worst one, its route, cost and source`);
assert.deepEqual(wrong, []);
await browser.close();
