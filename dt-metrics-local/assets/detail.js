// The selected series: its description, its chart, its numbers.

import { curve, drawChart } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { query } from "./dql.js";
import { clock, number, quantity, visible, whole } from "./format.js";

const USE = "chart";

export class Detail {
  constructor(model, points) {
    this.model = model;
    this.points = points;
    this.series = null;
    this.step = 1;
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

  show(series) {
    this.series = series ?? null;
    setText(byId("copied"), "");
    this.ask();
    this.draw();
  }

  ask() {
    if (this.series) this.points.ask(USE, this.step, [this.series.id]);
  }

  draw() {
    const series = this.series;
    setText(byId("detail-title"), series ? series.metric : "No series selected");
    const metadata = series && this.model.metadata.get(series.metric);
    setText(byId("meaning"), series ? meaning(metadata) : "Select a row to see its chart.");
    byId("span").hidden = !series;
    byId("copy").hidden = !series;
    byId("chart").toggleAttribute("hidden", !series);
    const facts = series ? this.facts(series, metadata) : [];
    replace(byId("facts"), facts.flatMap(([name, value]) => [["dt", name], ["dd", value]]));
    const pairs = series?.pairs ?? [];
    replace(byId("dimensions"), pairs.map(([key, value]) => ["li", `${key}=${visible(value)}`]));
    byId("dimensions").hidden = !pairs.length;
    if (series) this.drawChart(series, metadata?.unit ?? "");
    else byId("legend").replaceChildren();
  }

  drawChart(series, unit) {
    const drawn = curve(this.points.of(USE, series.id), series.kind, this.step);
    const isCount = series.kind === "count";
    const suffix = isCount ? "/s" : "";
    const curves = [{ curve: drawn, hasBand: !isCount }];
    const now = Math.min(this.model.now(), this.points.until);
    const at = drawChart(byId("chart"), curves, { unit, suffix, step: this.step, now, mark: this.mark });
    const shown = at === null ? drawn.at(-1) : drawn.find((point) => point.at === at);
    this.drawLegend(shown, isCount, (value) => quantity(value, unit) + suffix);
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
      await navigator.clipboard.writeText(query(this.series));
      setText(byId("copied"), "Copied.");
    } catch {
      // Only pages of this host and of HTTPS may write to the clipboard.
      setText(byId("copied"), query(this.series));
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
