// What the live page does, in a real browser: node page.mjs <origin> <folder for pictures>.

import assert from "node:assert/strict";
import { launch, pass, SOON } from "./browser.mjs";
import { sendGauge } from "./otlp.mjs";
import { post, start } from "./sender.mjs";

const [origin, folder] = process.argv.slice(2);
const { browser, page, wrong, until, changes, pictures } = await launch(origin);
const text = (selector) => page.locator(selector).first().textContent();
const rows = (list) => page.locator(`#${list} .row`);
const active = () => page.evaluate(() => document.activeElement.dataset.key ?? document.activeElement.id);
const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

await page.goto(origin);
await page.waitForSelector("#empty:not([hidden])");
assert.match(await text("#how"), /\/api\/v2\/metrics\/ingest/);
pass("an empty page says where to send");

const stop = start(origin);
await rows("series").first().waitFor();
assert.equal(await text("#status"), "Live");
await page.waitForSelector("#chart .line", SOON);
await changes("#chart .line", "d");
await changes("#series .row .line", "d");
pass("chart and sparklines move within 15 s");

/** The row of a series, by the beginning of its metric and dimensions. */
const seriesRow = (title) => page.locator(`#series .row:not(.group)[title^="${title}"]`).first();
const groupRow = (metric) => page.locator(`#series .row.group[title^="${metric}"]`);

await groupRow("shop.payment.errors").click();
await page.locator("#dimensions button", { hasText: "by provider" }).click();
await until(() => document.querySelectorAll("#chart .line").length === 3);
await until(() => /^card: .*\/s$/.test(document.querySelector("#curves li")?.textContent));
const named = await page.locator("#curves li").allTextContents();
assert.deepEqual(named.map((text) => text.split(":")[0]), ["card", "invoice", "wallet"]);
await page.locator("#dimensions button", { hasText: "Sum of all" }).click();
await until(() => document.querySelectorAll("#chart .line").length === 1 && !document.querySelector("#curves").hidden);
await seriesRow("shop.checkout.duration region=").click();
await until(() => document.querySelector("#curves").hidden);
await until(() => /^Mean \d.* ms Minimum to maximum \d.* to \d/.test(document.querySelector("#legend").textContent));
await page.locator("#chart").hover();
await page.waitForSelector("#chart .cursor", { state: "attached" });
assert.equal(await page.locator("#chart .zero").count(), 1);
pass("a metric is split by a dimension and summed over the others; values are read from the chart");

await post(origin, "shop.orders,region=eu\\-central count,delta=1\nshop.carts.open,region= gauge,12");
await seriesRow("shop.checkout.duration region=").click();
await page.locator("#detail-title", { hasText: "checkout.duration" }).waitFor();
await changes("#chart .line", "d");
await pictures(folder);

await post(origin, "<img src=x onerror=alert(1)> gauge,1\nmet,a=\"</script><b>x\" gauge,1");
await page.waitForSelector("#refused .row");
assert.match(await page.locator("#refused").textContent(), /backslash does not escape/);
assert.match(await page.locator("#refused .row:has(.noted)").first().textContent(), /its value is empty/);
const under = await page.evaluate(() => {
  const mark = document.querySelector("#refused mark").getBoundingClientRect();
  const why = document.querySelector("#refused mark ~ .why").getBoundingClientRect();
  return Math.abs(mark.left - why.left) < 2 && why.top >= mark.top + 10;
});
assert.ok(under, "the reason is not under its character");
assert.equal(await page.locator("main img, main b, main script").count(), 0);
pass("refused lines show their reason; markup stays text");

await page.waitForSelector("#requests .row .bad");
assert.match(await rows("requests").first().textContent(), /\d ms/);
pass("requests show status, size and timing");

const disk = { name: "disk.free", description: "Room left", unit: "GBy", value: 7.5, dimensions: { device: "sda" }, resource: { "service.name": "storage" } };
assert.equal(await sendGauge(origin, disk), 200);
const series = rows("series").filter({ hasText: "disk.free" });
await series.waitFor();
assert.match(await series.textContent(), /service\.name=storage device=sda.*7\.5 GBy/);
await series.click();
await page.locator("#meaning", { hasText: "Room left" }).waitFor();
const marked = rows("requests").filter({ hasText: "/v1/metrics" }).first();
await marked.waitFor();
assert.equal(await marked.locator(".mark").textContent(), "OTLP");
assert.equal(await marked.locator(".good").textContent(), "200");
pass("a series by OTLP has its unit and description, its request is marked");

await page.keyboard.press("/");
assert.equal(await active(), "filter");
await page.keyboard.type("checkout eu-central");
await until(() => document.querySelectorAll("#series .row").length === 1);
assert.match(await text("#metrics-count"), /^1 of \d+ series · 1 metric$/);
await page.keyboard.press("Escape");
await until(() => document.querySelectorAll("#series .row").length > 10);
pass("filter");

await page.locator("#pause").focus();
await page.keyboard.press("Enter");
assert.equal(await text("#status"), "Paused");
const frozen = await text("#totals");
await post(origin, "after.pause gauge,1");
await page.waitForTimeout(2_500); // The absence of an event cannot be waited for.
assert.equal(await text("#totals"), frozen);
await page.keyboard.press("p");
await changes("#totals");
await page.locator("#series .row", { hasText: "after.pause" }).waitFor();
pass("pause holds everything, resuming catches up");

await page.locator("#theme").focus();
const found = [];
for (let press = 0; press < 40; press += 1) {
  await page.keyboard.press("Tab");
  found.push(await active());
}
for (const control of [/^(s\d+|m[a-z]+\..*)$/, /^sort-value$/, /^unfold-all$/, /^r\d+$/, /^q\d+$/]) {
  assert.ok(found.some((id) => control.test(id)), `${control} is not reached by Tab: ${found}`);
}
await page.locator("#series .row[tabindex='0']").focus();
await page.keyboard.press("Home");
const first = await active();
await page.keyboard.press("ArrowDown");
assert.notEqual(await active(), first);
assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
const chosen = await page.locator("#series .row[aria-selected='true']").getAttribute("title");
assert.equal(await text("#detail-title"), chosen.split(" ")[0]);
await page.locator("input[name=span]").first().focus();
await page.keyboard.press("ArrowRight");
assert.equal(await page.locator("input[name=span][value='30']").isChecked(), true);
await page.keyboard.press("ArrowLeft");
const unnamed = await page.evaluate(() =>
  [...document.querySelectorAll("button, input, [tabindex='0']")].filter((control) => {
    const name = control.getAttribute("aria-label") || control.textContent || control.labels?.[0]?.textContent;
    return !name?.trim();
  }).length,
);
assert.equal(unnamed, 0);
pass("all is reached and named, rows move by keys, the focus is seen");

const titles = () => page.locator("#series .row").evaluateAll((rows) => rows.toSorted((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top)).map((row) => row.title));
await groupRow("shop.checkout.duration").click();
assert.equal(await groupRow("shop.checkout.duration").getAttribute("aria-expanded"), "true");
const childrenOf = (metric) => page.locator(`#series .row.child[title^="${metric}"]`).count();
assert.equal(await childrenOf("shop.checkout.duration"), 3);
await page.keyboard.press("ArrowLeft");
assert.equal(await groupRow("shop.checkout.duration").getAttribute("aria-expanded"), "false");
assert.equal(await childrenOf("shop.checkout.duration"), 0);
await page.keyboard.press("Enter");
await page.keyboard.press("ArrowRight");
assert.match(await page.evaluate(() => document.activeElement.title), /^shop\.checkout\.duration region=/);
assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-level")), "2");
await page.keyboard.press("ArrowLeft");
assert.equal(await active(), "mshop.checkout.duration");
assert.match(await groupRow("shop.checkout.duration").textContent(), /^shop\.checkout\.duration3 series .*ms mean/);
assert.match(await groupRow("shop.orders").textContent(), /total.*\/s/);
assert.match(await groupRow("shop.carts.open").textContent(), /4 series .* sum/);
assert.deepEqual(await seriesRow("shop.carts.open region=eu").locator(".chip").allTextContents(), ["region=eu-central"]);
await page.locator("#fold-all").click();
await until(() => document.querySelectorAll("#series .row.child").length === 0);
await page.locator("#unfold-all").click();
await until(() => document.querySelectorAll("#series .row.child").length > 5);
const byName = (await titles()).filter((title) => title.startsWith("shop."));
assert.deepEqual(byName, byName.toSorted(new Intl.Collator("en", { numeric: true }).compare));
await page.locator("#sort-value").click();
assert.equal(await page.locator("#sort-value").getAttribute("aria-label"), "Value: sorted, descending");
assert.match((await titles())[0], /^process\.memory\.resident/);
await page.locator("#sort-value").click();
assert.doesNotMatch((await titles())[0], /^process\.memory\.resident/);
await page.locator("#sort-name").click();
pass("metrics have their totals, and are folded and sorted");

await post(origin, ["a", "b"].map((tier) => `shared.orders,tier=${tier},env=prod,zone=z count,delta=2`).join("\n"));
await groupRow("shared.orders").waitFor();
assert.deepEqual(await groupRow("shared.orders").locator(".chip").allTextContents(), ["2 series", "+2 common"]);
assert.deepEqual(await seriesRow("shared.orders").locator(".chip").allTextContents(), ["tier=a"]);
await page.locator("#common").click();
await until(() => document.querySelector('#series .row.group[title^="shared.orders"]').textContent.includes("env=prod zone=z"));
await page.locator("#common").click();
pass("dimensions that all series share are hidden, and shown on demand");

const light = await background();
await page.emulateMedia({ colorScheme: "dark" });
const dark = await background();
assert.notEqual(light, dark);
await page.keyboard.press("t"); // dark
await page.emulateMedia({ colorScheme: "light" });
assert.equal(await background(), dark);
await page.keyboard.press("t"); // light
await page.emulateMedia({ colorScheme: "dark" });
assert.equal(await background(), light);
await page.keyboard.press("t"); // auto
assert.equal(await background(), dark);
pass("dark and light, by the system and by choice");

await page.setViewportSize({ width: 420, height: 800 });
const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
assert.ok(tooWide <= 0, `${tooWide} pixels wider than a small screen`);
await page.setViewportSize({ width: 1440, height: 860 });
pass("a small screen is enough");

stop();
assert.deepEqual(wrong, []);
pass("nothing on the console, no request to elsewhere");
await browser.close();
