// The data from the server, and the series that match the filter.

import { dimensions } from "./format.js";

/** The most refused lines, and the most requests, that are kept: the newest. */
const KEPT = 500;

export class Model {
  constructor() {
    this.filter = "";
    this.clear();
  }

  clear() {
    this.cursor = null;
    this.skew = 0;
    this.totals = null;
    this.metadata = new Map();
    /** One value of each dimension key, and the keys that have more than one value. */
    this.values = new Map();
    this.telling = new Set();
    this.series = [];
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
    const { size } = this.telling;
    for (const series of added) {
      series.key = `s${series.id}`;
      this.series[series.id] = series;
      for (const [key, value] of series.dimensions) this.learn(key, value);
    }
    (this.telling.size > size ? this.series : added).forEach((series) => this.name(series));
    this.sort();
  }

  learn(key, value) {
    if (!this.values.has(key)) this.values.set(key, value);
    else if (this.values.get(key) !== value) this.telling.add(key);
  }

  /** The service comes first, then the dimensions that distinguish series: a row may be too short for all dimensions. */
  name(series) {
    const rank = ([key]) => (key === "service.name" ? 0 : this.telling.has(key) ? 1 : 2);
    series.pairs = series.dimensions.slice().sort((a, b) => rank(a) - rank(b));
    series.dimensionText = dimensions(series.pairs);
    series.text = `${series.metric} ${series.dimensionText} ${series.kind}`.toLowerCase();
  }

  update([id, lines, values, total, seen, rate, rateEnds, newest]) {
    Object.assign(this.series[id], { lines, values, total, seen, rate, rateEnds, newest });
  }

  sort() {
    const order = (a, b) => (a < b ? -1 : Number(a > b));
    this.sorted = this.series.slice();
    this.sorted.sort((a, b) => order(a.metric, b.metric) || order(a.dimensionText, b.dimensionText) || a.id - b.id);
    this.matching = null;
  }

  setFilter(text) {
    this.filter = text;
    this.matching = null;
  }

  /** The series that contain all words of the filter. */
  shown() {
    const words = this.filter.toLowerCase().split(/\s+/).filter(Boolean);
    this.matching ??= words.length
      ? this.sorted.filter((series) => words.every((word) => series.text.includes(word)))
      : this.sorted;
    return this.matching;
  }

  /** The increase of a series per second; null if it is not known. */
  rate(series) {
    if (series.rate === null || series.rate === undefined) return null;
    return Date.now() + this.skew > series.rateEnds ? 0 : series.rate;
  }

  unit(series) {
    return this.metadata.get(series.metric)?.unit ?? "";
  }

  /** The number shown for a series: the value of a gauge, a mean, or a total. */
  value(series) {
    if (series.kind !== "summary") return series.total;
    const [, , sum, count] = series.newest;
    return count ? sum / count : null;
  }
}
