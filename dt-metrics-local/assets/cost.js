// The cost of metrics: data points a minute and a year, and dimensions with too many values.

import { byId, element, setText } from "./dom.js";
import { natural, number, percent, whole } from "./format.js";
import { Table } from "./table.js";

const MINUTES_A_YEAR = 525_600;

/** Metrics that are listed. */
const MOST = 10;

/** From this number of values on, a dimension is called exploding. */
const MANY_VALUES = 100;

export class Cost {
  constructor(model, onMetric) {
    this.model = model;
    /** The dimensions of each metric that have many values, and the number of their series. */
    this.known = new Map();
    this.table = new Table(byId("cost-table"), {
      caption: "The metrics with the most data points",
      sortBy: "Points/minute",
      onOpen: (row) => onMetric(row.key),
      columns: [
        { name: "Metric", value: (row) => row.key, compare: natural, text: (row) => row.key, isOpening: true },
        { name: "Series", value: (row) => row.series, text: (row) => whole(row.series), isNumber: true },
        { name: "Points/minute", value: (row) => row.perMinute, text: (row) => number(row.perMinute), isNumber: true },
        { name: "Points/year", value: (row) => row.perMinute, text: (row) => number(row.perMinute * MINUTES_A_YEAR), isNumber: true },
        { name: "Pushed each minute", title: "Data points a year if each series is pushed once a minute", value: (row) => row.active, text: (row) => `${number(row.active * MINUTES_A_YEAR)} a year`, isNumber: true },
        { name: "Share", value: (row) => row.share, text: (row) => percent(row.share), isNumber: true },
      ],
    });
  }

  draw() {
    const rows = [];
    let total = 0;
    let active = 0;
    for (const metric of this.model.byMetric.keys()) {
      const all = this.model.of(metric);
      if (!all.length) continue;
      const row = { key: metric, series: all.length, perMinute: 0, active: 0 };
      for (const series of all) {
        const perMinute = this.model.pointsPerMinute(series);
        row.perMinute += perMinute;
        if (perMinute > 0) row.active += 1;
      }
      total += row.perMinute;
      active += row.active;
      rows.push(row);
    }
    rows.sort((a, b) => b.perMinute - a.perMinute || b.series - a.series);
    const most = rows.slice(0, MOST);
    for (const row of most) row.share = total ? row.perMinute / total : 0;
    setText(byId("cost-minute"), number(total));
    setText(byId("cost-year"), number(total * MINUTES_A_YEAR));
    setText(byId("cost-active"), whole(active));
    setText(byId("cost-each-minute"), number(active * MINUTES_A_YEAR));
    this.table.setRows(most);
    this.warn();
  }

  warn() {
    const exploding = [...this.model.byMetric].flatMap(([metric, all]) => this.exploding(metric, all));
    exploding.sort((a, b) => b.values - a.values);
    const texts = exploding.slice(0, MOST).map(
      ({ metric, dimension, values }) =>
        `${dimension} has ${whole(values)} values in ${metric}: each value is a series of its own. Leave the dimension out, or use fewer values.`,
    );
    const host = byId("explosions");
    host.hidden = !texts.length;
    if (host.shows === texts.join("\n")) return;
    host.shows = texts.join("\n");
    host.replaceChildren(...texts.map((text) => element("li", "bad", text)));
  }

  /** The dimensions of a metric with many values. Counted again once the metric has more series. */
  exploding(metric, all) {
    const known = this.known.get(metric);
    if (known?.all === all && known.series === all.length) return known.found;
    const values = new Map();
    if (all.length >= MANY_VALUES) {
      for (const { dimensions } of all) {
        for (const [dimension, value] of dimensions) {
          if (!values.has(dimension)) values.set(dimension, new Set());
          values.get(dimension).add(value);
        }
      }
    }
    const found = [...values].filter(([, of]) => of.size >= MANY_VALUES).map(([dimension, of]) => ({ metric, dimension, values: of.size }));
    this.known.set(metric, { all, series: all.length, found });
    return found;
  }
}
