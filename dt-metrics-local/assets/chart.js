// Turns points into lines: counts are drawn as their increase per second, gauges as their mean
// between minimum and maximum.

import { clock, number } from "./format.js";
import { svgElement } from "./dom.js";

/** The curve of some points: [{ at, value, low, high }]. */
export function curve(points, kind, step) {
  if (kind !== "count") {
    return points
      .filter(([, count]) => count > 0)
      .map(([at, count, low, high, sum]) => ({ at, value: sum / count, low, high }))
      .filter(isDrawable);
  }
  const curve = [];
  for (let index = 1; index < points.length; index += 1) {
    const [at, , , , sum] = points[index];
    const value = (sum * 1000) / (at - points[index - 1][0]);
    curve.push({ at, value, low: value, high: value });
  }
  // The newest step is incomplete, and would look like a fall.
  if (step > 1 && curve.length > 1) curve.pop();
  return curve.filter(isDrawable);
}

const isDrawable = ({ value }) => Number.isFinite(value);

function bounds(curve) {
  let low = Infinity;
  let high = -Infinity;
  for (const point of curve) {
    low = Math.min(low, point.low, point.value);
    high = Math.max(high, point.high, point.value);
  }
  if (low > 0 && low < high / 2) low = 0;
  const room = high > low ? 0 : Math.abs(high) / 2 || 1;
  return [low - room, high + room];
}

function scale(curve, { left, right, top, bottom }) {
  const [low, high] = bounds(curve);
  const first = curve[0].at;
  const length = curve.at(-1).at - first || 1;
  return {
    low,
    high,
    x: (at) => left + ((at - first) / length) * (right - left),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

function paths(curve, { x, y }) {
  const place = (at, value) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  const line = `M${curve.map(({ at, value }) => place(at, value)).join("L")}`;
  const upper = curve.map(({ at, high }) => place(at, high));
  const lower = curve.map(({ at, low }) => place(at, low)).reverse();
  return { line, band: `M${[...upper, ...lower].join("L")}Z` };
}

const WIDTH = 128;
const HEIGHT = 30;

/** The small chart in a row, without axes. */
export function sparkline() {
  const svg = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(svgElement("path", { class: "line" }));
  return svg;
}

export function drawSparkline(svg, all) {
  const curve = all.map(({ at, value }) => ({ at, value, low: value, high: value }));
  const line = curve.length > 1 ? paths(curve, scale(curve, { left: 1, right: WIDTH - 1, top: 3, bottom: HEIGHT - 3 })).line : "";
  svg.firstChild.setAttribute("d", line);
}

/** Round numbers that divide a range into about four parts. */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step); tick * step <= high && found.length < 12; tick += 1) found.push(tick * step);
  return found;
}

/** A chart with axes, as large as its place on the page. */
export function drawChart(svg, curve, unit, step) {
  const { width, height } = svg.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (curve.length < 2 || width < 80 || height < 40) {
    const text = svgElement("text", { x: 8, y: 20 }, "The chart begins with the second push.");
    svg.replaceChildren(...(width < 80 ? [] : [text]));
    svg.setAttribute("aria-label", "No chart yet");
    return;
  }
  const area = { left: 58, right: width - 10, top: 18, bottom: height - 20 };
  const scales = scale(curve, area);
  const { line, band } = paths(curve, scales);
  const parts = [svgElement("text", { x: 0, y: 10 }, unit)];
  for (const tick of ticks(scales.low, scales.high)) {
    const y = scales.y(tick).toFixed(1);
    parts.push(svgElement("line", { class: "grid", x1: area.left, x2: area.right, y1: y, y2: y }));
    parts.push(svgElement("text", { x: area.left - 6, y: Number(y) + 4, "text-anchor": "end" }, number(tick)));
  }
  const first = curve[0].at;
  const newest = curve.at(-1);
  for (const [at, anchor] of [[first, "start"], [(first + newest.at) / 2, "middle"], [newest.at, "end"]]) {
    parts.push(svgElement("text", { x: scales.x(at), y: height - 5, "text-anchor": anchor }, clock(at, step < 720)));
  }
  parts.push(svgElement("path", { class: "band", d: band }), svgElement("path", { class: "line", d: line }));
  parts.push(svgElement("circle", { class: "dot", r: 3, cx: scales.x(newest.at), cy: scales.y(newest.value) }));
  svg.replaceChildren(...parts);
  const range = `from ${number(scales.low)} to ${number(scales.high)}`;
  svg.setAttribute("aria-label", `${unit || "value"} ${range}, ${clock(first)} to ${clock(newest.at)}, newest ${number(newest.value)}`);
}
