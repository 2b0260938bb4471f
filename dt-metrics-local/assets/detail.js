// The selected series or metric: its description, its chart, its numbers.

import { COLOURS, curve, drawChart } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { query } from "./dql.js";
import { clock, dimensions, natural, number, quantity, visible, whole } from "./format.js";

const USE = "chart";
const SPLIT = "split";

export class Detail {
  constructor(model, points) {
    this.model = model;
    this.points = points;
    /** The selected series; for a metric, its first series. */
    this.series = null;
    this.isGroup = false;
    this.step = 1;
    /** The content of the chart: `null` for the series, `""` for its metric, else the metric by a dimension. */
    this.split = null;
    /** Where in the chart values are read, in pixels. */
    this.mark = null;
    byId("span").addEventListener("change", (event) => {
      this.step = Number(event.target.value);
      this.ask();
      this.draw();
    });
    byId("copy").addEventListener("click", () => this.copy());
    const chart = byId("chart");
    new ResizeObserver(() => this.draw()).observe(chart);
    chart.addEventListener("pointermove", (event) => this.setMark(event.clientX - chart.getBoundingClientRect().left));
    chart.addEventListener("pointerleave", () => this.setMark(null));
    chart.addEventListener("blur", () => this.setMark(null));
    chart.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Shows a series, or a metric with all its series. */
  show(item) {
    const isGroup = item?.isGroup ?? false;
    const series = isGroup ? this.model.byMetric.get(item.metric)[0] : item;
    if (series?.metric !== this.series?.metric || isGroup !== this.isGroup) {
      this.split = isGroup ? "" : null;
      this.points.forget(SPLIT);
    }
    this.isGroup = isGroup;
    this.series = series ?? null;
    setText(byId("copied"), "");
    this.ask();
    this.draw();
  }

  ask() {
    if (!this.series) return;
    if (this.split === null) this.points.ask(USE, this.step, [this.series.id]);
    else this.points.askSums(SPLIT, this.step, [this.series.metric], this.model.cursor, this.split);
  }

  draw() {
    const series = this.series;
    setText(byId("detail-title"), series ? series.metric : "No series selected");
    const metadata = series && this.model.metadata.get(series.metric);
    setText(byId("meaning"), series ? meaning(metadata) : "Select a row to see its chart.");
    byId("span").hidden = !series;
    byId("copy").hidden = !series;
    byId("chart").toggleAttribute("hidden", !series);
    const facts = !series ? [] : this.isGroup ? this.groupFacts(series, metadata) : this.facts(series, metadata);
    replace(byId("facts"), facts.flatMap(([name, value]) => [["dt", name], ["dd", value]]));
    this.drawDimensions(series);
    if (series) this.drawChart(series, metadata?.unit ?? "");
    else byId("legend").replaceChildren();
  }

  /** A button for each dimension, which splits the metric by it and sums over the other dimensions. */
  drawDimensions(series) {
    const host = byId("dimensions");
    host.hidden = !series;
    const choices = series ? [["", "Sum of all series"], ...this.choices(series)] : [];
    const text = JSON.stringify(choices);
    if (host.dataset.of !== text) {
      host.dataset.of = text;
      host.replaceChildren(
        ...choices.map(([key, shown]) => {
          const button = element("button", "", shown);
          button.type = "button";
          button.title = key ? `Split the metric by ${key}` : "Sum over all series of the metric";
          button.addEventListener("click", () => this.setSplit(this.split === key ? (this.isGroup ? "" : null) : key));
          const item = element("li");
          item.append(button);
          return item;
        }),
      );
    }
    [...host.children].forEach((item, index) => item.firstChild.setAttribute("aria-pressed", String(choices[index][0] === this.split)));
  }

  /** The dimensions to split by: all of a selected series, or only the dimensions whose values differ within the metric. */
  choices({ metric, pairs }) {
    if (!this.isGroup) return pairs.map(([key, value]) => [key, `${key}=${visible(value)}`]);
    return [...this.model.dimensionsOf.get(metric).telling].sort(natural).map((key) => [key, `by ${key}`]);
  }

  setSplit(split) {
    this.split = split;
    this.points.forget(SPLIT);
    this.ask();
    this.draw();
  }

  drawChart(series, unit) {
    const isCount = series.kind === "count";
    const suffix = isCount ? "/s" : "";
    const curves = this.curves(series);
    const now = Math.min(this.model.now(), this.points.until);
    const at = drawChart(byId("chart"), curves, { unit, suffix, step: this.step, now, mark: this.mark });
    const pointOf = ({ curve }) => (at === null ? curve.at(-1) : curve.find((point) => point.at === at));
    const said = (value) => quantity(value, unit) + suffix;
    byId("legend").hidden = this.split !== null;
    byId("curves").hidden = this.split === null;
    if (this.split === null) this.drawLegend(pointOf(curves[0]), isCount, said);
    else this.drawCurves(curves, pointOf, said);
  }

  /** The curve of the series, or the curves of its metric with the highest newest values. */
  curves(series) {
    const hasBand = series.kind !== "count";
    if (this.split === null) return [{ curve: curve(this.points.of(USE, series.id), series.kind, this.step), hasBand }];
    const names = this.points.sums(SPLIT);
    const all = names.map((name) => ({ name: visible(name), curve: curve(this.points.sumOf(SPLIT, name), series.kind, this.step), hasBand: hasBand && names.length === 1 }));
    const newest = ({ curve }) => curve.at(-1)?.value ?? -Infinity;
    this.left = Math.max(0, all.length - COLOURS);
    const most = all.sort((a, b) => newest(b) - newest(a)).slice(0, COLOURS);
    // A colour stays with its name while values change.
    return most.sort((a, b) => natural(a.name, b.name));
  }

  /** Names the curves, with their values at the mark or their newest ones. */
  drawCurves(curves, pointOf, said) {
    const host = byId("curves");
    const texts = curves.map((each) => `${each.name}: ${said(pointOf(each)?.value)}`);
    if (this.left) texts.push(`and ${whole(this.left)} more`);
    while (host.children.length > texts.length) host.lastChild.remove();
    texts.forEach((text, index) => {
      const item = host.children[index] ?? host.appendChild(element("li"));
      item.className = index < curves.length ? `c${index % COLOURS}` : "";
      setText(item, text);
    });
  }

  /** Names the line and the band, with the values of a point. */
  drawLegend(point, isCount, said) {
    const legend = byId("legend");
    if (!point) return legend.replaceChildren();
    if (!legend.children.length) legend.append(element("span", "mean"), " ", element("span", "range"), " ", element("span"));
    const [mean, range, at] = legend.children;
    setText(mean, `${isCount ? "Increase" : "Mean"} ${said(point.value)}`);
    range.hidden = isCount || point.low === point.high;
    setText(range, `Minimum to maximum ${said(point.low)} to ${said(point.high)}`);
    return setText(at, `at ${clock(point.at)}`);
  }

  async copy() {
    if (!this.series) return;
    try {
      await navigator.clipboard.writeText(query(this.series, this.split));
      setText(byId("copied"), "Copied.");
    } catch {
      // Only pages of this host and of HTTPS may write to the clipboard.
      setText(byId("copied"), query(this.series, this.split));
    }
  }

  setMark(mark) {
    this.mark = mark;
    this.draw();
  }

  /** Arrow keys move the mark over the chart. */
  onKey(event) {
    const { width } = byId("chart").getBoundingClientRect();
    const move = { ArrowLeft: -10, ArrowRight: 10 }[event.key];
    if (!move) return;
    event.preventDefault();
    this.setMark(Math.min(width, Math.max(0, (this.mark ?? width) + move)));
  }

  groupFacts({ metric, kind }, metadata) {
    const all = this.model.of(metric);
    const { value, meaning, rate, lines } = this.model.sum(all);
    const facts = [
      ["Kind", kind],
      ["Unit", metadata?.unit ?? "–"],
      [`${meaning[0].toUpperCase()}${meaning.slice(1)}`, quantity(value, metadata?.unit)],
      ["Rate", rate === null ? "–" : `${number(rate)} /s`],
      ["Series", whole(all.length)],
      ["Lines", whole(lines)],
    ];
    const common = dimensions(this.model.dimensionsOf.get(metric).common());
    if (common) facts.push(["In all", common]);
    return facts;
  }

  facts(series, metadata) {
    const rate = this.model.rate(series);
    const facts = [
      ["Kind", series.kind],
      ["Unit", metadata?.unit ?? "–"],
      [series.kind === "gauge" ? "Value" : "Total", quantity(series.total, metadata?.unit)],
      ["Rate", rate === null ? "–" : `${number(rate)} /s`],
      ["Lines", whole(series.lines)],
      ["Newest", clock(series.seen)],
    ];
    if (series.kind === "summary") {
      const [min, max] = series.newest;
      facts.push(["Newest min", quantity(min, metadata?.unit)], ["Newest max", quantity(max, metadata?.unit)]);
    }
    return facts;
  }
}

function meaning(metadata) {
  if (!metadata) return "No metadata line was received for this metric.";
  return [metadata.display_name, metadata.description].filter(Boolean).join(": ") || "This metric has no description.";
}

/** Writes elements only if their texts differ: unchanged elements keep their selection. */
function replace(place, parts) {
  const same = parts.length === place.children.length && parts.every(([, text], index) => place.children[index].textContent === text);
  if (!same) place.replaceChildren(...parts.map(([name, text]) => element(name, "", text)));
}
