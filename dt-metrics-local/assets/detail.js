// The selected series: its description, its chart, its numbers.

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
    setText(byId("detail-title"), series ? series.metric : "No series selected");
    const metadata = series && this.model.metadata.get(series.metric);
    setText(byId("meaning"), series ? meaning(metadata) : "Select a row to see its chart.");
    byId("span").hidden = !series;
    byId("chart").toggleAttribute("hidden", !series);
    const facts = series ? this.facts(series, metadata) : [];
    replace(byId("facts"), facts.flatMap(([name, value]) => [["dt", name], ["dd", value]]));
    const pairs = series?.pairs ?? [];
    replace(byId("dimensions"), pairs.map(([key, value]) => ["li", `${key}=${visible(value)}`]));
    byId("dimensions").hidden = !pairs.length;
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
