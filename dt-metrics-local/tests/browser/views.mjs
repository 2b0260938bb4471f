// The views of functions, cost and delivery, in a real browser: node views.mjs <origin> <folder>.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { accessible, launch, pass } from "./browser.mjs";
import { sendHistogram } from "./otlp.mjs";
import { post } from "./sender.mjs";

const [origin, folder] = process.argv.slice(2);
const { browser, page, wrong, until } = await launch(origin);
const text = (selector) => page.locator(selector).first().textContent();

/** A program with a catalogue: `checkout` fails in one route, `idle` never ran. */
const instrument = (name, kind, line, unit = "1") => ({ name, key: `shop.${name}`, kind, unit, line, file: "src/shop.rs", description: `${name.split(".")[0]} of a cart: calls`, module_path: "shop" });
const measured = (name, line) => [instrument(`${name}.calls`, "counter", line), instrument(`${name}.duration`, "histogram", line, "s"), instrument(`${name}.in_flight`, "up_down_counter", line)];
const CATALOG = { program: "shop", service: "shop", prefix: "shop", sources: "/home/a b/shop", instruments: [...measured("checkout", 7), ...measured("browse", 21), ...measured("idle", 40)] };

async function handOver(catalog) {
  const response = await fetch(`${origin}/api/catalog`, { method: "PUT", body: JSON.stringify(catalog) });
  assert.equal(response.status, 204);
}

const lines = () => [
  "shop.checkout.calls,route=/cart,outcome=ok count,delta=90",
  "shop.checkout.calls,route=/pay,outcome=ok count,delta=5",
  "shop.checkout.calls,route=/pay,outcome=err count,delta=5",
  "shop.checkout.duration,route=/pay,outcome=ok gauge,min=0.00005,max=0.0002,sum=0.00087,count=10",
  "shop.checkout.in_flight gauge,3",
  "shop.browse.calls,route=/,outcome=ok count,delta=400",
  "shop.browse.duration,route=/,outcome=ok gauge,min=0.5,max=2.5,sum=4,count=4",
  "legacy.total,customer=none count,delta=1",
];

await page.goto(`${origin}/#view=functions`);
await page.waitForSelector("#no-functions:not([hidden])");
assert.match(await text("#how-catalog"), /\/api\/catalog/);
pass("without a catalogue, the page says how to hand one over");

await handOver(CATALOG);
await page.locator("#function-table tbody tr").nth(2).waitFor();
for (let push = 0; push < 3; push += 1) {
  assert.equal(await post(origin, lines().join("\n")), 202);
  await page.waitForTimeout(1_100); // Points of their own seconds, for a trend.
}
const row = (name) => page.locator(`#function-table tr[data-key="shop.${name}"]`);
await until(() => /5 %/.test(document.querySelector('#function-table tr[data-key="shop.checkout"]').textContent));
const cells = await row("checkout").locator("th, td").allTextContents();
assert.match(cells[0], /^shop\.checkoutsrc\/shop\.rs:7$/);
assert.match(cells[1], /^[1-9]\d*(\.\d+)?$/);
assert.deepEqual(cells.slice(2, 7), ["5 %", "87 µs", "–", "200 µs", "3"]);
assert.deepEqual((await row("browse").locator("td").allTextContents()).slice(1, 6), ["0 %", "1 s", "–", "2.5 s", "–"]);
assert.equal(await row("checkout").locator("a").getAttribute("href"), "vscode://file/home/a%20b/shop/src/shop.rs:7");
await until(() => (document.querySelector('#function-table tr[data-key="shop.checkout"] .line').getAttribute("d") ?? "").length > 10);
assert.ok((await row("idle").getAttribute("class")).includes("absent"));
assert.equal(await text("#missing-count"), "4");
assert.match(await text("#missing"), /shop\.browse\.in_flight.*shop\.idle\.calls.*src\/shop\.rs:40/);
assert.match(await text("#undeclared"), /^legacy\.total$/);
pass("functions have calls, error rate, durations, calls in flight, a trend and their place");

await page.getByRole("button", { name: "Errors", exact: true }).first().click();
assert.equal(await page.locator("#function-table tbody tr").first().getAttribute("data-key"), "shop.checkout");
assert.equal(await page.locator("#function-table th[aria-sort]").textContent(), "Errors");
await row("checkout").getByRole("button").focus();
await page.keyboard.press("Enter");
await page.waitForSelector("#function-detail:not([hidden])");
assert.equal(await page.evaluate(() => document.activeElement.textContent), "shop.checkout");
const worst = await page.locator("#function-values tbody tr").first().locator("td").allTextContents();
assert.deepEqual(worst.slice(0, 4), ["route=/pay", "30", "15", "50 %"]);
assert.match(await text("#function-cost"), /^Cost: 5 series, \d.* data points a minute, .* a year; 2\.\d+M a year at one push a minute$/);
await page.screenshot({ path: `${folder}/functions.png` });
assert.match(await text("#function-percentiles"), /need OTLP/);
const histogram = { name: "shop.idle.duration", unit: "s", sum: 0.2, min: 0.0005, max: 0.02, bounds: [0.001, 0.002, 0.004, 0.008], counts: [10, 80, 8, 1, 1], dimensions: { outcome: "ok" } };
assert.equal(await sendHistogram(origin, histogram), 200);
await row("idle").getByRole("button").click();
await until(() => document.querySelector("#function-percentiles").textContent === "p50 1.5 ms, p95 3.25 ms, p99 8 ms");
assert.equal(await row("idle").locator("td").nth(3).textContent(), "3.25 ms");
pass("a function shows its dimension values with most errors, its cost, and percentiles over OTLP");

await page.keyboard.press("3");
await page.waitForSelector("#cost-table tbody tr");
assert.match(page.url(), /#view=cost$/);
assert.equal(await page.locator("#cost-table tbody tr").count(), 7);
// Eight series that go on; at one push a minute each makes 525,600 data points a year.
assert.equal(await text("#cost-active"), "8");
assert.equal(await text("#cost-each-minute"), "4.205M");
const [minute, year] = await page.evaluate(() => ["minute", "year"].map((name) => document.getElementById(`cost-${name}`).textContent));
assert.match(minute, /^\d/);
assert.match(year, /[MG]$/);
assert.ok(await page.locator("#explosions").isHidden());
const many = Array.from({ length: 150 }, (_, customer) => `shop.spent,customer=c${customer} count,delta=1`);
await post(origin, many.join("\n"));
await page.waitForSelector("#explosions li");
assert.match(await text("#explosions li"), /^customer has 150 values in shop\.spent/);
await page.screenshot({ path: `${folder}/cost.png` });
pass("the cost is shown, and a dimension that explodes is named");

await page.keyboard.press("4");
await page.waitForSelector("#outage");
await post(origin, "ab gauge,1\nOrders,Region=eu gauge,1\norders,Tier=a gauge,1\nab gauge,2");
await page.locator("#causes details").nth(2).waitFor();
const causes = await page.locator("#causes summary").allTextContents();
assert.equal(causes[0], "2 × metric key has 2 characters, at least 3 are needed");
await page.locator("#causes summary").first().click();
const line = page.locator("#causes details").first().locator("li").first();
assert.match(await line.textContent(), /^ab gauge,[12]line [14], column 1 of request \d+ at \d\d:\d\d:\d\d from dt-metrics\/0\.1\.0: \/api\/v2\/metrics\/ingest, status 400$/);
pass("refused lines are grouped by cause and show their request");

await page.locator("#causes details").first().locator("li button").first().click();
await page.locator("#request-title", { hasText: /^Request \d+$/ }).waitFor();
await page.locator("#request-lines li").nth(3).waitFor();
assert.match(await text("#request-facts"), /status 400 · \/api\/v2\/metrics\/ingest · 4 lines · 4 refused/);
assert.match(await page.locator("#request-lines li.refused").nth(1).textContent(), /^Orders,Region=eu gauge,1Refused: dimension key may not contain 'R'/);
assert.equal(await page.locator("#request-lines li mark").nth(1).textContent(), "R");
assert.match(await text("#no-warnings"), /No warning/);
await post(origin, "shop.orders,tier= count,delta=1\nshop.orders,otel.metric.overflow=true count,delta=1\nshop.dt_metrics.exporter.dropped,reason=too_old count,delta=7\nshop.dt_metrics.exporter.altered,kind=saturated count,delta=2");
await page.locator("#warnings details").nth(3).waitFor();
const warned = await page.locator("#warnings summary").allTextContents();
assert.deepEqual(warned.map((text) => text.split(":")[0]).sort(), ["1 × Dimensions without a value are not stored", "1 × Overflow", "2 × The program altered values", "7 × The program dropped data points"]);
await page.locator("#warnings details", { hasText: "without a value" }).locator("summary").click();
await page.locator("#warnings li", { hasText: 'dimension "tier" is not stored' }).waitFor();
await page.locator('#requests .row[aria-posinset="1"]').click();
await page.locator("#request-lines .noted", { hasText: /^Warning: dimension "tier"/ }).waitFor();
await page.keyboard.press("ArrowDown");
await until(() => document.querySelectorAll("#request-lines .refused").length === 4);
await page.screenshot({ path: `${folder}/delivery-request.png` });
pass("a request shows its lines; warnings are grouped by cause");

await page.locator("input[name=seconds][value='10']").check();
await page.getByRole("button", { name: "Answer 503" }).click();
await until(() => /answers 503 for (10|9) more seconds/.test(document.querySelector("#outage-state").textContent));
assert.equal(await post(origin, "shop.kept gauge,1"), 503);
await page.screenshot({ path: `${folder}/delivery.png` });
await page.getByRole("button", { name: "End the outage" }).click();
await until(() => document.querySelector("#outage-state").textContent === "The endpoint works.");
assert.equal(await post(origin, "shop.kept gauge,1"), 202);
await page.getByRole("button", { name: "Reset connections" }).click();
await until(() => /resets connections/.test(document.querySelector("#outage-state").textContent));
await assert.rejects(post(origin, "shop.kept gauge,1"));
await page.getByRole("button", { name: "End the outage" }).click();
await until(() => document.querySelector("#outage-state").textContent === "The endpoint works.");
assert.ok(await page.locator("#no-health").isVisible());
await post(origin, "shop.dt_metrics.exporter.points_pending gauge,1234");
await until(() => /Pending data points1,?234/.test(document.querySelector("#health").textContent));
await page.waitForSelector("#pending-chart .line", { state: "attached" });
assert.ok(await page.locator("#no-health").isHidden());
pass("an outage starts and ends on the page, next to the program's pending points");

await post(origin, "shop.orders,service.name=a count,delta=1\nshop.orders,service.name=b count,delta=1");
await page.locator("#service option[value='b']").waitFor({ state: "attached" });
await page.locator("#service").selectOption("b");
await page.keyboard.press("Escape");
await page.locator("#view-metrics").click();
await until(() => document.querySelectorAll("#series .row").length === 1);
assert.match(page.url(), /#service=b$/);
await page.reload();
await until(() => document.querySelectorAll("#series .row").length === 1);
assert.equal(await page.locator("#service").inputValue(), "b");
await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
await page.locator("#series .row").first().click();
await page.locator("#copy").click();
await page.locator("#copied", { hasText: "Copied." }).waitFor();
const copied = await page.evaluate(() => navigator.clipboard.readText());
assert.equal(copied, 'timeseries { per_second = sum(shop.orders, default: 0, rate: 1s) },\nfilter: { service.name == "b" }');
pass("a service is selected, the address keeps it, and its query is copied");

await page.locator("#view-functions").click();
const [dashboard] = await Promise.all([page.waitForEvent("download"), page.locator("#dashboard").click()]);
assert.equal(dashboard.suggestedFilename(), "metrics.dashboard.json");
assert.match(await readFile(await dashboard.path(), "utf8"), /shop\.checkout\.calls/);
pass("a dashboard is downloaded");

await page.locator("#service").selectOption("");
await row("checkout").getByRole("button").click();
for (const width of [1440, 390]) {
  await page.setViewportSize({ width, height: 860 });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const view of ["metrics", "functions", "cost", "delivery"]) {
      await page.locator(`#view-${view}`).click();
      await accessible(page, `${view}, ${colorScheme}, ${width} pixels`);
    }
  }
}
await page.setViewportSize({ width: 1440, height: 860 });
pass("axe finds no barrier in any view, dark and light, wide and narrow");

const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
assert.equal(download.suggestedFilename(), "dt-metrics-local.json");
await page.locator("#clear").click();
await until(() => /^0 lines/.test(document.querySelector("#totals").textContent));
await page.locator("#view-functions").click();
await page.waitForSelector("#no-functions:not([hidden])");
pass("all is exported as JSON, and cleared");

await page.locator("#view-metrics").focus();
for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
assert.equal(await page.evaluate(() => document.activeElement.id), "view-delivery");
assert.equal(await page.locator("#view-delivery").getAttribute("aria-selected"), "true");
await page.setViewportSize({ width: 390, height: 800 });
for (const view of ["metrics", "functions", "cost", "delivery"]) {
  await page.locator(`#view-${view}`).click();
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(tooWide <= 0, `${view} is ${tooWide} pixels wider than a small screen`);
}
pass("views are chosen by keys, and fit a screen of 390 pixels");

assert.deepEqual(wrong, []);
pass("no error on the console of the views");
await browser.close();
