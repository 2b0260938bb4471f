// The chosen series: what it means, its chart, its numbers.

import { curve, drawChart } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { clock, number, visible, whole } from "./format.js";

const USE = "chart";

export class Detail {
  constructor(model, points) {
    this.model = model;
    this.points = points;
    this.series = null;
    this.step = 1;
    byId("span").addEventListener("change", (event) => {
      this.step = Number(event.target.value);
      this.ask();
      this.draw();
    });
    new ResizeObserver(() => this.draw()).observe(byId("chart"));
  }

  show(series) {
    this.series = series ?? null;
    this.ask();
    this.draw();
  }

  ask() {
    if (this.series) this.points.ask(USE, this.step, [this.series.id]);
  }

  draw() {
    const series = this.series;
    setText(byId("detail-title"), series ? series.metric : "No series chosen");
    const metadata = series && this.model.metadata.get(series.metric);
    const meaning = [metadata?.display_name, metadata?.description].filter(Boolean).join(": ");
    setText(byId("meaning"), series ? meaning || "No metadata line came for this metric." : "Choose a row to see its chart.");
    byId("span").hidden = !series;
    byId("chart").toggleAttribute("hidden", !series);
    const facts = series ? this.facts(series, metadata) : [];
    const text = JSON.stringify(facts);
    if (text !== this.written) {
      this.written = text;
      byId("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]));
    }
    if (series) {
      const points = this.points.of(USE, series.id);
      const unit = metadata?.unit ?? "";
      drawChart(byId("chart"), curve(points, series.kind, this.step), series.kind === "count" ? `${unit || "1"}/s` : unit, this.step);
    }
  }

  facts(series, metadata) {
    const rate = this.model.rate(series);
    const facts = [
      ["Kind", series.kind],
      ["Unit", metadata?.unit ?? "–"],
      [series.kind === "gauge" ? "Value" : "Total", number(series.total)],
      ["Rate", rate === null ? "–" : `${number(rate)} /s`],
      ["Lines", whole(series.lines)],
      ["Newest", clock(series.seen)],
    ];
    if (series.kind === "summary") {
      const [min, max] = series.newest;
      facts.push(["Newest min", number(min)], ["Newest max", number(max)]);
    }
    return [...facts, ...series.dimensions.map(([key, value]) => [key, visible(value)])];
  }
}
