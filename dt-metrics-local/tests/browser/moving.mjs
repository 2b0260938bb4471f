// The moving picture of the README: the code of an example next to the live page, as an animated PNG:
// node moving.mjs <file> [frames]. The program and the endpoint are those of the README's two commands, built
// before.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { crc32 } from "node:zlib";
import { launch, pause } from "./browser.mjs";

const [file, count = "12"] = process.argv.slice(2);
const PAGE = { width: 900, height: 640 };
const CODE_WIDTH = 460;
const PAUSE_MS = 700;

/** The annotated function of the example, and its enum, as they are in its source. */
function code() {
  const source = readFileSync(new URL("../../../examples/getting_started.rs", import.meta.url), "utf8");
  const from = source.indexOf("#[derive(Clone, Copy, DimensionValue)]");
  return source.slice(from, source.indexOf("/// Rises and falls", from)).trim();
}

const unconfigured = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DT_METRICS|OTEL)_/.test(name)));

const built = `${process.env.CARGO_TARGET_DIR ?? new URL("../../../target", import.meta.url).pathname}/debug`;

function run(program) {
  const child = spawn(`${built}/${program}`, [], { env: unconfigured, stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => child.kill("SIGKILL"));
  return child;
}

/** The first line that the pattern matches. */
function line(child, pattern) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.match(pattern) && resolve(line.match(pattern)[1]));
    child.on("exit", () => reject(new Error(`it ended without ${pattern}`)));
  });
}

/** The part of an image that differs from the one before, as a PNG, and its place; in the page. */
async function difference([next, before]) {
  const pixels = async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const whole = context.getImageData(0, 0, image.width, image.height);
    return { image: whole, data: new Uint32Array(whole.data.buffer) };
  };
  const to = await pixels(next);
  const { width, height } = to.image;
  let [left, top, right, bottom] = [0, 0, width, height];
  if (before) {
    const from = await pixels(before);
    [left, top, right, bottom] = [width, height, 0, 0];
    for (let at = 0; at < to.data.length; at++) {
      if (to.data[at] === from.data[at]) {
        to.data[at] = 0; // transparent: the pixel before stays, and takes less room
        continue;
      }
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
    if (right <= left) [left, top, right, bottom] = [0, 0, 1, 1];
  }
  const part = new OffscreenCanvas(right - left, bottom - top);
  const context = part.getContext("2d");
  context.putImageData(to.image, -left, -top);
  const bytes = new Uint8Array(await (await part.convertToBlob({ type: "image/png" })).arrayBuffer());
  return { left, top, width: right - left, height: bottom - top, png: Array.from(bytes) };
}

/** The chunks of a PNG, by their type. */
function* chunks(png) {
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    yield [png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length)];
    at += length + 12;
  }
}

function chunk(type, ...parts) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), ...parts]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

const numbers = (...values) => {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => buffer.writeUInt32BE(value, i * 4));
  return buffer;
};

/** An animated PNG of frames, each drawn over a part of the frame before. */
function animation(frames) {
  const out = [Buffer.from("\x89PNG\r\n\x1a\n", "latin1")];
  let sequence = 0;
  frames.forEach(({ left, top, width, height, png }, i) => {
    const parts = [...chunks(Buffer.from(png))];
    if (i === 0) {
      out.push(chunk("IHDR", parts.find(([type]) => type === "IHDR")[1]), chunk("acTL", numbers(frames.length, 0)));
    }
    const isLast = i === frames.length - 1;
    // The pause in tenths of a second; the frame stays, and the next one is drawn over it.
    const delay = Buffer.from([0, isLast ? 20 : PAUSE_MS / 100, 0, 10, 0, i === 0 ? 0 : 1]);
    out.push(chunk("fcTL", numbers(sequence++, width, height, left, top), delay));
    const data = Buffer.concat(parts.filter(([type]) => type === "IDAT").map(([, data]) => data));
    out.push(i === 0 ? chunk("IDAT", data) : chunk("fdAT", numbers(sequence++), data));
  });
  out.push(chunk("IEND"));
  return Buffer.concat(out);
}

const local = run("dt-metrics-local");
const address = await line(local, /^Watch in a browser: (http\S+)$/);
const { browser, page } = await launch(new URL(address).origin);
await page.setViewportSize(PAGE);
await page.goto(address);

// Both are in one picture, which is drawn in a page of its own.
const stage = await browser.newPage({ viewport: { width: CODE_WIDTH + PAGE.width, height: PAGE.height } });
await stage.setContent(
  `<style>body { margin: 0; display: flex; background: #fff } img { border-left: 1px solid #ccc; flex: none }
  pre { box-sizing: border-box; width: ${CODE_WIDTH}px; height: ${PAGE.height}px; margin: 0; padding: 24px 16px; overflow: hidden; white-space: pre-wrap;
  font: 12.5px/1.55 "DejaVu Sans Mono", monospace; color: #222; background: #f7f7f5 } b { color: #1768a8 }</style><pre></pre><img>`,
);
await stage.evaluate((text) => {
  const escaped = text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  document.querySelector("pre").innerHTML = escaped.replace(/^ *#\[.*\]$/gm, "<b>$&</b>");
}, code());

const example = run("getting_started");
await page.locator("#view-functions").click();
await page.getByText("getting_started.order", { exact: true }).click({ timeout: 60_000 });
await pause(20_000);

const frames = [];
let before = null;
for (let i = 0; i < Number(count); i++) {
  const shown = (await page.screenshot()).toString("base64");
  await stage.evaluate(async (source) => {
    const image = document.querySelector("img");
    image.src = source;
    await image.decode();
  }, `data:image/png;base64,${shown}`);
  const next = `data:image/png;base64,${(await stage.screenshot()).toString("base64")}`;
  frames.push(await stage.evaluate(difference, [next, before]));
  before = next;
  await pause(PAUSE_MS);
}
await browser.close();
example.kill("SIGINT");
local.kill("SIGINT");

const picture = animation(frames);
assert.ok(picture.length < 900_000, `${picture.length} bytes`);
writeFileSync(file, picture);
console.log(`${file}: ${picture.length} bytes, ${frames.length} frames`);
process.exit(0);
