// The table of series.

import { List } from "./list.js";
import { curve, drawSparkline, sparkline } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { number, quantity, whole } from "./format.js";

const USE = "rows";
const STEP = 1;

export class SeriesList {
  constructor(model, points, onChosen) {
    this.model = model;
    this.points = points;
    this.list = new List(byId("series"), {
      height: 44,
      className: "series-row",
      make: () => this.make(),
      fill: (row, series) => this.fill(row, series),
      onActive: onChosen,
      onRange: (visible) => this.want(visible),
    });
    const url = `${location.origin}/api/v2/metrics/ingest`;
    setText(
      byId("how"),
      `.endpoint("${url}")\nDT_METRICS_INGEST_URL=${url}\nOTEL_EXPORTER_OTLP_ENDPOINT=${location.origin}`,
    );
    setText(byId("how-catalog"), `my-program --catalog | curl -T - ${location.origin}/api/catalog`);
    byId("unconfigured").hidden = location.port !== "14499";
  }

  make() {
    const row = element("div");
    row.append(element("span"), element("span", "dimensions"), element("span", "number"), element("span", "number"), sparkline());
    return row;
  }

  fill(row, series) {
    const [metric, dimensions, value, rate, spark] = row.children;
    setText(metric, series.metric);
    setText(dimensions, series.shownText);
    setText(value, quantity(this.model.value(series), this.model.unit(series)));
    const perSecond = this.model.rate(series);
    setText(rate, perSecond === null ? "" : `${number(perSecond)} /s`);
    row.classList.toggle("ended", this.model.isEnded(series));
    row.title = [series.metric, series.dimensionText].join(" ").trim();
    drawSparkline(spark, curve(this.points.of(USE, series.id), series.kind, STEP), this.model.now());
  }

  /** Requests the past of the visible series, once for each new range and each frame. */
  want(visible) {
    const ids = visible.map((series) => series.id);
    const text = `${ids} ${this.model.cursor}`;
    if (text === this.asked) return;
    this.asked = text;
    this.points.ask(USE, STEP, ids);
  }

  draw() {
    const shown = this.model.shown();
    const all = this.model.sorted.length;
    byId("empty").hidden = all > 0;
    setText(byId("metrics-count"), shown.length === all ? `${whole(all)} series` : `${whole(shown.length)} of ${whole(all)} series`);
    this.list.setItems(shown);
  }

  redraw() {
    this.list.draw();
  }
}
