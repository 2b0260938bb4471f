// The pictures of the documents, of the example with 300 series: node pictures.mjs <origin> <folder> <program>.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { launch, pause } from "./browser.mjs";

const [origin, folder, program] = process.argv.slice(2);
const FUNCTION = "shop.online_shop.apply_voucher";

const unconfigured = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DT_METRICS|OTEL)_/.test(name)));
const env = { ...unconfigured, DT_METRICS_INGEST_URL: `${origin}/api/v2/metrics/ingest` };
const child = spawn(program, ["300"], { env, stdio: ["ignore", "ignore", "inherit"] });
process.on("exit", () => child.kill("SIGKILL"));

const { browser, page, wrong, until, pictures } = await launch(origin);
await page.goto(origin);
await pause(50_000);

// The metrics, light and dark: one metric unfolded and split.
await page.locator(`#series .row[title^="${FUNCTION}.calls"] .twisty`).click();
await page.locator(`#series .row.group[title^="${FUNCTION}.calls"]`).click();
await page.locator("#dimensions button", { hasText: "by outcome" }).click();
await until(() => document.querySelectorAll("#chart .line").length === 2);
await pictures(folder);

// The functions: the highest error rate first.
await page.locator("#view-functions").click();
await page.getByRole("button", { name: "Errors", exact: true }).first().click();
await page.locator("#function-table tbody tr button").first().click();
await until(() => document.querySelectorAll("#function-values tbody tr").length === 2);
await pause(1_500);
await page.screenshot({ path: `${folder}/page-functions.png` });

// A small screen.
await page.setViewportSize({ width: 390, height: 844 });
await page.screenshot({ path: `${folder}/page-narrow.png` });
await page.setViewportSize({ width: 1440, height: 860 });

// An outage of 30 s, its gap filled afterwards.
await page.locator("#view-delivery").click();
await page.getByRole("button", { name: "Answer 503" }).click();
await page.locator("#requests .row", { hasText: "503" }).first().waitFor();
await until(() => /answers 503/.test(document.querySelector("#outage-state").textContent));
const deadline = Date.now() + 120_000;
while (!(await page.evaluate(() => document.querySelector("#outage-state").textContent === "The endpoint works."))) {
  assert.ok(Date.now() < deadline, "the outage never ends");
  await pause(500);
}
// The retry that succeeds may be half a minute away, and the pending data points arrive with it.
await page.locator('#requests .row[aria-posinset="1"] .good').waitFor({ timeout: 60_000 });
await pause(5_000);
await page.locator('#requests .row[aria-posinset="1"]').click();
await page.locator("#request-lines li").first().waitFor();
await page.screenshot({ path: `${folder}/page-outage.png` });

assert.deepEqual(wrong, []);
await browser.close();
process.exit(0);
