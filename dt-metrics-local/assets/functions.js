// One row for each measured function: calls, errors, durations, and where the function is.

import { placeOf } from "./catalog.js";
import { curve, drawSparkline, sparkline } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { natural, number, percent, quantity, visible, whole } from "./format.js";
import { Table } from "./table.js";

/** The outcomes of calls that failed. */
const ERRORS = ["err", "panic"];

/** Values of a dimension that are listed. */
const MAX_VALUES = 50;

const MINUTES_A_YEAR = 525_600;

const outcome = (series) => series.dimensions.find(([key]) => key === "outcome")?.[1];

/** Sums over the series of a function's metrics. */
function sums(model, { calls, durations }) {
  const counted = calls.length ? calls : durations;
  const sum = { calls: 0, errors: null, rate: null, mean: null, max: null };
  for (const series of counted) {
    const amount = series.kind === "summary" ? series.values : series.total;
    const result = outcome(series);
    sum.calls += amount;
    if (result !== undefined) sum.errors = (sum.errors ?? 0) + (ERRORS.includes(result) ? amount : 0);
    const rate = model.rate(series);
    if (rate !== null) sum.rate = (sum.rate ?? 0) + rate;
  }
  const live = durations.filter((series) => !model.isEnded(series));
  let count = 0;
  let total = 0;
  for (const { newest } of live.length ? live : durations) {
    if (newest?.length !== 4 || !newest[3]) continue;
    count += newest[3];
    total += newest[2];
    sum.max = Math.max(sum.max ?? -Infinity, newest[1]);
  }
  sum.mean = count ? total / count : null;
  sum.errorRate = sum.errors === null || !sum.calls ? null : sum.errors / sum.calls;
  return sum;
}

export class FunctionTable {
  constructor(model, catalog, points, onMetric) {
    Object.assign(this, { model, catalog, points, onMetric });
    this.chosen = null;
    byId("dashboard").addEventListener("click", () => this.download());
    this.table = new Table(byId("function-table"), {
      caption: "Measured functions",
      sortBy: "Function",
      isDescending: false,
      onOpen: (row) => this.open(row),
      columns: [
        { name: "Function", value: (row) => row.name, compare: natural, text: (row) => row.name, isOpening: true, fill: fillName },
        { name: "Calls/s", value: (row) => row.rate, text: (row) => number(row.rate), isNumber: true },
        { name: "Errors", title: "The share of all calls that returned an error or panicked", value: (row) => row.errorRate, isNumber: true, fill: fillErrors },
        { name: "Mean", title: "The mean duration in the newest push", value: (row) => row.mean, text: (row) => quantity(row.mean, row.unit), isNumber: true },
        { name: "p95", title: "95 % of all calls took no longer; only over OTLP, since lines carry no percentiles", value: (row) => row.percentiles?.[1] ?? null, text: (row) => quantity(row.percentiles?.[1], row.unit), isNumber: true },
        { name: "Max", title: "The maximum duration in the newest push", value: (row) => row.max, text: (row) => quantity(row.max, row.unit), isNumber: true },
        { name: "In flight", value: (row) => row.inFlight, text: (row) => number(row.inFlight), isNumber: true },
        { name: "Trend of calls", fill: (cell, row) => this.fillTrend(cell, row) },
      ],
    });
    this.breakdown = new Table(byId("function-values"), {
      caption: "Calls by the values of dimensions",
      sortBy: "Errors",
      columns: [
        { name: "Dimension", value: (row) => `${row.dimension}=${row.value}`, compare: natural, text: (row) => `${row.dimension}=${visible(row.value)}` },
        { name: "Calls", value: (row) => row.calls, text: (row) => number(row.calls), isNumber: true },
        { name: "Errors", title: "Calls that returned an error or panicked", value: (row) => row.errors, text: (row) => number(row.errors), isNumber: true },
        { name: "Error rate", value: (row) => row.errorRate, isNumber: true, fill: fillErrors },
        { name: "Mean", value: (row) => row.mean, text: (row) => quantity(row.mean, row.unit), isNumber: true },
      ],
    });
  }

  /** Saves the Dynatrace dashboard of all metrics, or of the metrics with the prefix of the service. */
  async download() {
    const prefixes = new Set(this.model.service ? this.catalog.programsOf(this.model.service).map(({ prefix }) => prefix ?? "") : []);
    const [prefix] = prefixes.size === 1 ? prefixes : [""];
    const response = await fetch(`/api/dashboard${prefix ? `?prefix=${encodeURIComponent(prefix)}` : ""}`).catch(() => null);
    setText(byId("dashboard-state"), response?.ok ? "Downloaded." : "There is no dashboard yet: no metric was declared or received.");
    if (!response?.ok) return;
    const link = element("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${prefix || "metrics"}.dashboard.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  rows() {
    return this.catalog.functions(this.model.service).map((found) => {
      const of = (part) => (found.keys[part] ? this.model.of(found.keys[part]) : []);
      const parts = { calls: of("calls"), durations: of("duration"), inFlight: of("in_flight") };
      const inFlight = parts.inFlight.length ? parts.inFlight.reduce((sum, series) => sum + series.total, 0) : null;
      const arrived = parts.calls.length + parts.durations.length + parts.inFlight.length > 0;
      return { key: found.name, ...found, parts, arrived, inFlight, ...sums(this.model, parts) };
    });
  }

  draw() {
    const words = this.model.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const all = this.rows();
    const isShown = ({ name, place }) => words.every((word) => `${name} ${place?.text ?? ""}`.toLowerCase().includes(word));
    const rows = all.filter(isShown);
    setText(byId("functions-count"), rows.length === all.length ? whole(all.length) : `${whole(rows.length)} of ${whole(all.length)}`);
    byId("no-functions").hidden = all.length > 0;
    byId("function-table").hidden = all.length === 0;
    this.want(rows);
    const percentiles = this.points.percentiles.get("durations");
    for (const row of rows) row.percentiles = percentiles?.get(durationKey(row)) ?? null;
    this.table.setRows(rows);
    this.chosen = rows.find((row) => row.key === this.table.openKey) ?? null;
    this.drawChosen();
    this.drawUnknown();
  }

  /** Requests the past of the calls. */
  want(rows) {
    const metrics = rows.map((row) => trendKey(row)).filter(Boolean);
    this.points.askSums("functions", 1, metrics, this.model.cursor);
    const durations = rows.map(durationKey).filter(Boolean);
    this.points.askSums("durations", 720, durations, this.model.cursor);
  }

  fillTrend(cell, row) {
    if (!cell.firstChild) cell.append(sparkline());
    const key = trendKey(row);
    const kind = row.parts.calls.length ? "count" : "summary";
    drawSparkline(cell.firstChild, key ? curve(this.points.sumOf("functions", key), kind, 1) : [], this.model.now());
  }

  open(row) {
    this.chosen = row;
    this.drawChosen();
  }

  drawChosen() {
    const row = this.chosen;
    byId("function-detail").hidden = !row;
    if (!row) return;
    setText(byId("function-title"), row.name);
    setText(byId("function-meaning"), row.description || "The function has no description.");
    fillPlace(byId("function-place"), row.place);
    const names = ["p50", "p95", "p99"];
    const texts = (row.percentiles ?? []).map((value, index) => `${names[index]} ${quantity(value, row.unit)}`);
    setText(byId("function-percentiles"), texts.length ? texts.join(", ") : "Percentiles need OTLP: metric lines carry none.");
    const all = Object.values(row.parts).flat();
    const perMinute = all.reduce((sum, series) => sum + this.model.pointsPerMinute(series), 0);
    const active = all.filter((series) => this.model.pointsPerMinute(series) > 0).length;
    const pushed = `${number(active * MINUTES_A_YEAR)} a year at one push a minute`;
    setText(byId("function-cost"), `Cost: ${whole(all.length)} series, ${number(perMinute)} data points a minute, ${number(perMinute * MINUTES_A_YEAR)} a year; ${pushed}`);
    const links = byId("function-metrics");
    const keys = Object.values(row.keys);
    if (links.dataset.of !== keys.join()) {
      links.dataset.of = keys.join();
      links.replaceChildren(
        ...keys.map((key) => {
          const button = element("button", "", key);
          button.type = "button";
          button.addEventListener("click", () => this.onMetric(key));
          return button;
        }),
      );
    }
    this.breakdown.setRows(this.values(row));
  }

  /** The calls of a function by each value of its dimensions. */
  values(row) {
    const groups = new Map();
    const add = (series, part) => {
      for (const [dimension, value] of series.dimensions) {
        if (dimension === "outcome") continue;
        const key = `${dimension}=${value}`;
        const group = groups.get(key) ?? { key, dimension, value, unit: row.unit, calls: [], durations: [] };
        group[part].push(series);
        groups.set(key, group);
      }
    };
    row.parts.calls.forEach((series) => add(series, "calls"));
    row.parts.durations.forEach((series) => add(series, "durations"));
    const values = [...groups.values()];
    // A dimension with one value distinguishes nothing.
    const isTelling = ({ dimension, key }) => values.some((other) => other.dimension === dimension && other.key !== key);
    const telling = values.filter(isTelling).map((group) => ({ ...group, ...sums(this.model, group) }));
    return telling.sort((a, b) => (b.errors ?? 0) - (a.errors ?? 0) || b.calls - a.calls).slice(0, MAX_VALUES);
  }

  /** Metrics that are declared and did not arrive, and the other way round. */
  drawUnknown() {
    const declared = this.catalog.instruments(this.model.service).filter(({ key }) => key);
    const keys = new Set(declared.flatMap(({ key }) => [key, `${key}.count`]));
    const missing = new Map();
    for (const { key, instrument, program } of declared) {
      if (!this.model.of(key).length) missing.set(key, placeOf(instrument, program));
    }
    const arrived = [...this.model.byMetric.keys()].filter((key) => this.model.of(key).length);
    const undeclared = this.catalog.programs.length ? arrived.filter((key) => !keys.has(key)) : [];
    list(byId("missing"), [...missing].sort(([a], [b]) => natural(a, b)));
    list(byId("undeclared"), undeclared.sort(natural).map((key) => [key, null]));
    setText(byId("missing-count"), whole(missing.size));
    setText(byId("undeclared-count"), whole(undeclared.length));
    byId("unknown").hidden = !this.catalog.programs.length;
  }
}

/** The metric of the durations. */
const durationKey = ({ parts }) => parts.durations[0]?.metric;

/** The metric that shows the trend of the calls. */
const trendKey = ({ parts }) => (parts.calls[0] ?? parts.durations[0])?.metric;

function fillName(cell, row) {
  let place = cell.querySelector(".place");
  if (!place) cell.append((place = element("span", "place")));
  fillPlace(place, row.place);
  cell.parentElement.classList.toggle("absent", !row.arrived);
}

function fillErrors(cell, row) {
  setText(cell, percent(row.errorRate));
  cell.classList.toggle("bad", row.errorRate > 0);
}

function fillPlace(host, place) {
  if (host.dataset.place === (place?.link ?? place?.text ?? "")) return;
  host.dataset.place = place?.link ?? place?.text ?? "";
  if (!place) host.replaceChildren();
  else if (!place.link) host.replaceChildren(place.text);
  else {
    const link = element("a", "", place.text);
    link.href = place.link;
    host.replaceChildren(link);
  }
}

function list(host, entries) {
  const text = JSON.stringify(entries);
  if (host.shows === text) return;
  host.shows = text;
  host.replaceChildren(
    ...entries.map(([key, place]) => {
      const item = element("li", "", key);
      if (place) {
        item.append(" ", element("span", "place"));
        fillPlace(item.lastChild, place);
      }
      return item;
    }),
  );
}
