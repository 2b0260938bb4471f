// Turns points into lines: counts are drawn as their increase per second, gauges as their mean
// between minimum and maximum. A line breaks where data is missing.

import { svgElement } from "./dom.js";
import { clock, quantity } from "./format.js";

/** Colours of the curves of one chart, by the classes `c0` to `c7`. */
export const COLOURS = 8;

/** A gap is longer than this number of usual intervals. */
const GAP = 2.5;

/** The least length of a window, so that two points are not drawn as a long line. */
const LEAST_MS = 60_000;

/** The time between two points, as it mostly is: the median. */
function usualInterval(points, step) {
  const between = points.slice(1).map(([at], index) => at - points[index][0]);
  between.sort((a, b) => a - b);
  return between[Math.floor(between.length / 2)] ?? step * 1000;
}

/** The curve of points: [{ at, value, low, high, isBroken }]; `isBroken` if data is missing before. */
export function curve(points, kind, step) {
  const usual = usualInterval(points, step);
  const isCount = kind === "count";
  const drawn = [];
  points.forEach(([at, count, low, high, sum], index) => {
    if (!isCount && !count) return;
    const since = index ? at - points[index - 1][0] : Infinity;
    const isBroken = since > GAP * usual;
    // A delta covers the time since the one before, if that one is there.
    const value = isCount ? (sum * 1000) / (isBroken ? usual : since) : sum / count;
    if (Number.isFinite(value)) drawn.push({ at, value, low: isCount ? value : low, high: isCount ? value : high, isBroken });
  });
  // The newest step is incomplete, and would look like a fall.
  if (isCount && step > 1 && drawn.length > 1) drawn.pop();
  return drawn;
}

/** Lowest and highest value with the zero line. */
function bounds(curves) {
  let low = 0;
  let high = 0;
  for (const curve of curves) {
    for (const point of curve) {
      low = Math.min(low, point.low, point.value);
      high = Math.max(high, point.high, point.value);
    }
  }
  return high > low ? [low, high] : [0, 1];
}

function scale(curves, [from, to], { left, right, top, bottom }) {
  const [low, high] = bounds(curves);
  const length = to - from || 1;
  return {
    low,
    high,
    x: (at) => left + ((at - from) / length) * (right - left),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

/** The parts of a curve between gaps. */
function parts(curve) {
  const all = [];
  for (const point of curve) {
    if (point.isBroken || !all.length) all.push([]);
    all.at(-1).push(point);
  }
  return all;
}

function paths(curve, { x, y }) {
  const place = (at, value) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  const lines = [];
  const bands = [];
  for (const part of parts(curve)) {
    const [first] = part;
    // A point alone is a dot: a line of no length with round ends.
    const line = part.map(({ at, value }) => place(at, value)).join("L");
    lines.push(part.length > 1 ? `M${line}` : `M${line}L${place(first.at, first.value)}`);
    const upper = part.map(({ at, high }) => place(at, high));
    const lower = part.map(({ at, low }) => place(at, low)).reverse();
    bands.push(`M${[...upper, ...lower].join("L")}Z`);
  }
  return { line: lines.join(""), band: bands.join("") };
}

const WIDTH = 128;
const HEIGHT = 30;

/** The small chart in a row, without axes. */
export function sparkline() {
  const svg = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(svgElement("path", { class: "line" }));
  return svg;
}

export function drawSparkline(svg, all, now) {
  const curve = all.map(({ at, value, isBroken }) => ({ at, value, low: value, high: value, isBroken }));
  const area = { left: 1, right: WIDTH - 1, top: 3, bottom: HEIGHT - 3 };
  const line = curve.length ? paths(curve, scale([curve], span([curve], now), area)).line : "";
  svg.firstChild.setAttribute("d", line);
}

/** The window of a chart: from the first point until now. */
function span(curves, now) {
  const starts = curves.filter((curve) => curve.length).map((curve) => curve[0].at);
  const ends = curves.filter((curve) => curve.length).map((curve) => curve.at(-1).at);
  const to = Math.max(now, ...ends);
  return [Math.min(to - LEAST_MS, ...starts), to];
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

/**
 * A chart with axes, as large as its place on the page: curves `{ name, curve, hasBand }` over a window
 * that ends `now`. `mark` is the time whose values are shown; returns the nearest time of a point.
 */
export function drawChart(svg, curves, { unit, suffix = "", step, now, mark = null }) {
  const { width, height } = svg.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const filled = curves.filter(({ curve }) => curve.length);
  if (!filled.length || width < 80 || height < 40) {
    const text = svgElement("text", { x: 8, y: 20 }, "The chart begins with the first push.");
    svg.replaceChildren(...(width < 80 ? [] : [text]));
    svg.setAttribute("aria-label", "No chart yet");
    return null;
  }
  const all = filled.map(({ curve }) => curve);
  const area = { left: 66, right: width - 10, top: 12, bottom: height - 20 };
  const window = span(all, now);
  const scales = scale(all, window, area);
  const said = (value) => quantity(value, unit) + suffix;
  const drawn = [];
  for (const tick of ticks(scales.low, scales.high)) {
    const y = scales.y(tick).toFixed(1);
    drawn.push(svgElement("line", { class: tick === 0 ? "zero" : "grid", x1: area.left, x2: area.right, y1: y, y2: y }));
    drawn.push(svgElement("text", { x: area.left - 6, y: Number(y) + 4, "text-anchor": "end" }, said(tick)));
  }
  const [from, to] = window;
  for (const [at, anchor] of [[from, "start"], [(from + to) / 2, "middle"], [to, "end"]]) {
    drawn.push(svgElement("text", { x: scales.x(at), y: height - 5, "text-anchor": anchor }, clock(at, step < 720)));
  }
  curves.forEach(({ curve, hasBand }, index) => {
    if (!curve.length) return;
    const { line, band } = paths(curve, scales);
    const colour = `c${index % COLOURS}`;
    if (hasBand) drawn.push(svgElement("path", { class: `band ${colour}`, d: band }));
    drawn.push(svgElement("path", { class: `line ${colour}`, d: line }));
    const newest = curve.at(-1);
    drawn.push(svgElement("circle", { class: `dot ${colour}`, r: 3, cx: scales.x(newest.at), cy: scales.y(newest.value) }));
  });
  const at = mark === null ? null : nearest(all, from + ((mark - area.left) / (area.right - area.left)) * (to - from));
  if (at !== null) drawn.push(svgElement("line", { class: "cursor", x1: scales.x(at), x2: scales.x(at), y1: area.top, y2: area.bottom }));
  svg.replaceChildren(...drawn);
  const newest = filled.map(({ name, curve }) => `${name ? `${name} ` : ""}${said(curve.at(-1).value)}`);
  svg.setAttribute(
    "aria-label",
    `From ${said(scales.low)} to ${said(scales.high)}, ${clock(from)} to ${clock(to)}. Newest: ${newest.slice(0, COLOURS).join(", ")}`,
  );
  return at;
}

/** The time of the point that is nearest to a time. */
function nearest(curves, wanted) {
  let best = null;
  for (const curve of curves) {
    for (const { at } of curve) {
      if (best === null || Math.abs(at - wanted) < Math.abs(best - wanted)) best = at;
    }
  }
  return best;
}
