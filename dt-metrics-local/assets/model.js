// The data from the server, and the series that match the filter.

import { dimensions, natural } from "./format.js";

/** The most refused lines, and the most requests, that are kept: the newest. */
const KEPT = 500;

/** The dimension that names a service. */
const SERVICE = "service.name";

/** The dimension of the series that takes the data points beyond the cardinality limit. */
const OVERFLOW = "otel.metric.overflow";

/** The dimensions of some series, and whether all these series have the same value. */
export class Dimensions {
  constructor() {
    this.total = 0;
    /** One value of each key, the number of series with the key, and the keys that have more than one value. */
    this.values = new Map();
    this.counts = new Map();
    this.telling = new Set();
  }

  add(dimensions) {
    this.total += 1;
    for (const [key, value] of dimensions) {
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
      if (!this.values.has(key)) this.values.set(key, value);
      else if (this.values.get(key) !== value) this.telling.add(key);
    }
  }

  isCommon(key) {
    return this.total > 1 && !this.telling.has(key) && this.counts.get(key) === this.total;
  }

  /** The keys and values that all series share. */
  common() {
    return [...this.values].filter(([key]) => this.isCommon(key));
  }
}

export class Model {
  constructor() {
    this.filter = "";
    this.service = "";
    this.clear();
  }

  clear() {
    this.cursor = null;
    this.skew = 0;
    this.totals = null;
    this.metadata = new Map();
    /** The dimensions of all series, and of the series of each metric. */
    this.dimensions = new Dimensions();
    this.dimensionsOf = new Map();
    this.series = [];
    /** The series of each metric. */
    this.byMetric = new Map();
    /** The values of `service.name`. */
    this.services = new Set();
    this.sorted = [];
    this.refused = [];
    this.requests = [];
    this.matching = null;
  }

  apply(frame) {
    if (frame.is_first) this.clear();
    this.cursor = frame.cursor;
    this.skew = frame.now_ms - Date.now();
    this.totals = frame.totals;
    for (const metadata of frame.metadata) this.metadata.set(metadata.key, metadata);
    if (frame.series.length) this.add(frame.series);
    for (const values of frame.values) this.update(values);
    for (const note of frame.notes) note.isNote = true;
    this.refused = [...frame.refused, ...frame.notes, ...this.refused].slice(0, KEPT);
    this.requests = [...frame.requests, ...this.requests].slice(0, KEPT);
  }

  add(added) {
    const { size } = this.dimensions.telling;
    for (const series of added) {
      series.key = `s${series.id}`;
      this.series[series.id] = series;
      if (!this.byMetric.has(series.metric)) {
        this.byMetric.set(series.metric, []);
        this.dimensionsOf.set(series.metric, new Dimensions());
      }
      this.byMetric.get(series.metric).push(series);
      series.service = series.dimensions.find(([key]) => key === SERVICE)?.[1] ?? "";
      if (series.service) this.services.add(series.service);
      series.isOverflow = series.dimensions.some(([key, value]) => key === OVERFLOW && value === "true");
      this.dimensions.add(series.dimensions);
      this.dimensionsOf.get(series.metric).add(series.dimensions);
    }
    const isOther = this.dimensions.telling.size > size;
    (isOther ? this.series : added).forEach((series) => this.name(series));
    this.sort();
  }

  /** The dimensions that distinguish a series from the other series of its metric, or of the page if it is alone. */
  tellingPairs({ metric, pairs }) {
    const of = this.isAlone(metric) ? this.dimensions : this.dimensionsOf.get(metric);
    return pairs.filter(([key]) => !of.isCommon(key));
  }

  /** Whether a metric has one series only. */
  isAlone(metric) {
    return this.byMetric.get(metric).length === 1;
  }

  /** The service comes first, then the dimensions that distinguish series: a row may be too short for all dimensions. */
  name(series) {
    const rank = ([key]) => (key === SERVICE ? 0 : this.dimensions.telling.has(key) ? 1 : 2);
    series.pairs = series.dimensions.slice().sort((a, b) => rank(a) - rank(b));
    series.dimensionText = dimensions(series.pairs);
    series.text = `${series.metric} ${series.dimensionText} ${series.kind}`.toLowerCase();
  }

  update([id, lines, values, total, seen, rate, rateEnds, newest]) {
    Object.assign(this.series[id], { lines, values, total, seen, rate, rateEnds, newest });
  }

  sort() {
    this.sorted = this.series.slice();
    this.sorted.sort((a, b) => natural(a.metric, b.metric) || natural(a.dimensionText, b.dimensionText) || a.id - b.id);
    this.matching = null;
  }

  setFilter(text) {
    this.filter = text;
    this.matching = null;
  }

  setService(service) {
    this.service = service;
    this.matching = null;
  }

  /** The series of the selected service that contain all words of the filter. */
  shown() {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    this.matching ??= words.length || this.service
      ? this.sorted.filter((series) => this.isOfService(series) && words.every((word) => series.text.includes(word)))
      : this.sorted;
    return this.matching;
  }

  isOfService({ service }) {
    return !this.service || service === this.service;
  }

  /** The series of a metric and the chosen service, also under its name in Metrics Classic. */
  of(metric) {
    const all = this.byMetric.get(metric) ?? this.byMetric.get(`${metric}.count`) ?? [];
    return this.service ? all.filter((series) => this.isOfService(series)) : all;
  }

  now() {
    return Date.now() + this.skew;
  }

  /** Data points a minute that a series has; 0 after a single one, and once it has ended. */
  pointsPerMinute({ lines, seen, first }) {
    if (!(lines > 1) || seen <= first) return 0;
    const interval = (seen - first) / (lines - 1);
    return this.now() - seen > Math.max(30_000, 5 * interval) ? 0 : 60_000 / interval;
  }

  /** Whether nothing came for much longer than before. */
  isEnded(series) {
    return series.lines > 1 && this.pointsPerMinute(series) === 0;
  }

  /** The increase of a series per second; null if it is not known. */
  rate(series) {
    if (series.rate === null || series.rate === undefined) return null;
    return this.now() > series.rateEnds ? 0 : series.rate;
  }

  unit(series) {
    return this.metadata.get(series.metric)?.unit ?? "";
  }

  /** The sum over series of one metric: { value, meaning, rate, lines }. The value of summaries is their mean. */
  sum(all) {
    const sum = { value: 0, meaning: "total", rate: null, lines: 0 };
    let count = 0;
    for (const series of all) {
      const rate = this.rate(series);
      if (rate !== null) sum.rate = (sum.rate ?? 0) + rate;
      sum.lines += series.lines ?? 0;
      if (series.kind === "gauge") sum.meaning = "sum";
      if (series.kind !== "summary") sum.value += series.total ?? 0;
      else if (series.newest?.length === 4) {
        sum.meaning = "mean";
        sum.value += series.newest[2];
        count += series.newest[3];
      }
    }
    if (sum.meaning === "mean") sum.value = count ? sum.value / count : null;
    return sum;
  }

  /** The number shown for a series: the value of a gauge, a mean, or a total. */
  value(series) {
    if (series.kind !== "summary") return series.total;
    const [, , sum, count] = series.newest;
    return count ? sum / count : null;
  }
}
