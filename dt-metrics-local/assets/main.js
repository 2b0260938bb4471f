import { Detail } from "./detail.js";
import { byId, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { bytes, whole } from "./format.js";
import { Model } from "./model.js";
import { Points } from "./points.js";
import { RefusedList } from "./refused.js";
import { RequestList } from "./requests.js";
import { SeriesList } from "./series.js";
import { startTheme } from "./theme.js";

const STATES = { connecting: "Connecting", live: "Live", paused: "Paused", lost: "Not connected, reconnecting" };

const model = new Model();
const points = new Points(() => {
  series.redraw();
  detail.draw();
});
const detail = new Detail(model, points);
const series = new SeriesList(model, points, (chosen) => detail.show(chosen));
const refused = new RefusedList(model);
const requests = new RequestList(model);
const feed = new Feed(model, draw, showState);

let byItself;

startTheme();

function draw() {
  const { totals } = model;
  const parts = [`${whole(totals.lines)} lines`, `${whole(totals.requests)} requests`, bytes(totals.bytes)];
  if (totals.lines_without_series) parts.push(`${whole(totals.lines_without_series)} lines not shown (too many series)`);
  setText(byId("totals"), parts.join(" · "));
  series.draw();
  refused.draw();
  requests.draw();
  // After a restart of the server, the series have different numbers.
  if (detail.series && model.series[detail.series.id] !== detail.series) {
    const same = sameAs(detail.series);
    series.list.activeKey = same?.key ?? null;
    detail.show(same);
    series.redraw();
  }
  choose();
  detail.ask();
  detail.draw();
}

function sameAs({ metric, kind, dimensions }) {
  const same = (series) => series.metric === metric && series.kind === kind && `${series.dimensions}` === `${dimensions}`;
  return model.series.find(same);
}

/** Until the user selects a series, the first series that has a chart. */
function choose() {
  const hasLine = ({ lines }) => lines > 1;
  const chosen = detail.series;
  if (chosen && (chosen !== byItself || hasLine(chosen) || byId("series").contains(document.activeElement))) return;
  const shown = model.shown();
  byItself = shown.find(hasLine) ?? shown[0];
  if (byItself) series.list.activate(byItself.key, false);
}

function showState(state) {
  byId("status").dataset.state = state;
  setText(byId("status"), STATES[state]);
}

function setPaused(isPaused) {
  points.until = isPaused ? Date.now() + model.skew : Infinity;
  feed.setPaused(isPaused);
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  setText(byId("pause"), isPaused ? "Resume" : "Pause");
}

byId("pause").addEventListener("click", () => setPaused(!feed.isPaused));

byId("filter").addEventListener("input", (event) => {
  model.setFilter(event.target.value);
  byId("series").scrollTop = 0;
  series.draw();
  refused.draw();
});

byId("filter").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.target.value = "";
  event.target.dispatchEvent(new Event("input"));
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  const controls = { "/": "filter", p: "pause", t: "theme" };
  const control = controls[event.key] && byId(controls[event.key]);
  if (!control) return;
  event.preventDefault();
  if (control.id === "filter") control.focus();
  else control.click();
});
