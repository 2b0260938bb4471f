import { Catalog } from "./catalog.js";
import { Cost } from "./cost.js";
import { Delivery } from "./delivery/delivery.js";
import { Detail } from "./detail.js";
import { byId, element, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { FunctionTable } from "./functions.js";
import { bytes, natural, whole } from "./format.js";
import { Model } from "./model.js";
import { Points } from "./points.js";
import { RefusedList } from "./delivery/refused.js";
import { RequestDetail } from "./delivery/request.js";
import { RequestList } from "./delivery/requests.js";
import { SeriesList } from "./series.js";
import { startTheme } from "./theme.js";
import { View, VIEWS } from "./view.js";

const STATES = { connecting: "Connecting", live: "Live", paused: "Paused", lost: "Not connected, reconnecting" };

const model = new Model();
const points = new Points(() => {
  if (view.state.view === "metrics") {
    series.redraw();
    detail.draw();
  } else if (view.state.view === "functions") functions.draw();
  else if (view.state.view === "delivery") delivery.draw();
});
const detail = new Detail(model, points);
const series = new SeriesList(model, points, (chosen) => detail.show(chosen));
const refused = new RefusedList(model);
const request = new RequestDetail();
/** Shows a request with its lines in the view of delivery. */
const showRequest = (number) => {
  view.show("delivery");
  request.show(number);
};
const requests = new RequestList(model, {
  onActive: (chosen) => view.state.view === "delivery" && request.show(chosen.number),
  onOpen: ({ number }) => showRequest(number),
});
const catalog = new Catalog(() => draw());
/** Shows a metric in the view of metrics. */
const showMetric = (key) => view.set({ view: "metrics", filter: key });
const functions = new FunctionTable(model, catalog, points, showMetric);
const cost = new Cost(model, showMetric);
const delivery = new Delivery(model, points, showRequest);
const view = new View(applyView);
view.read();
const feed = new Feed(model, draw, showState);

let byItself;

startTheme();

/** Shows the view, the filter and the service of the address. */
function applyView({ filter, service }) {
  if (byId("filter").value !== filter) byId("filter").value = filter;
  if (model.filter !== filter) {
    model.setFilter(filter);
    byId("series").scrollTop = 0;
  }
  if (model.service !== service) model.setService(service);
  drawServices();
  if (model.totals) draw();
}

function drawServices() {
  const select = byId("service");
  const services = [...model.services].sort(natural);
  if (model.service && !model.services.has(model.service)) services.push(model.service);
  byId("services").hidden = !services.length;
  const text = JSON.stringify(services);
  if (select.dataset.services !== text) {
    select.dataset.services = text;
    const all = element("option", "", "All services");
    all.value = "";
    const options = services.map((service) => Object.assign(element("option", "", service), { value: service }));
    select.replaceChildren(all, ...options);
  }
  if (select.value !== model.service) select.value = model.service;
}

function draw() {
  const { totals } = model;
  catalog.update(model);
  drawServices();
  byId("totals").title = bytes(totals.bytes);
  const parts = [`${whole(totals.lines)} lines`, `${whole(totals.requests)} requests`];
  if (totals.lines_without_series) parts.push(`${whole(totals.lines_without_series)} lines not shown (too many series)`);
  setText(byId("totals"), parts.join(" · "));
  requests.draw();
  request.forgetAfter(totals.requests);
  const drawn = { functions, cost, delivery }[view.state.view];
  if (drawn) {
    drawn.draw();
    return;
  }
  series.draw();
  refused.draw();
  // After a restart of the server, the series have different numbers.
  if (detail.series && model.series[detail.series.id] !== detail.series) {
    const same = detail.isGroup ? groupOf(detail.series) : sameAs(detail.series);
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

/** The row of the metric of a series; a metric may have one series only, which is its row. */
const groupOf = ({ metric }) => series.items.find((item) => item.metric === metric);

/** Until the user selects a row, the first row that has a chart, before the numbers of the exporter itself. */
function choose() {
  const hasLine = ({ lines, series }) => lines > 1 || series?.some(hasLine);
  const { activeKey } = series.list;
  const chosen = series.items.find(({ key }) => key === activeKey);
  if (detail.series && (activeKey !== byItself || (chosen && hasLine(chosen)) || byId("series").contains(document.activeElement))) return;
  const isOwn = ({ metric }) => /(^|\.)dt_metrics\./.test(metric);
  const first = series.items.find((item) => hasLine(item) && !isOwn(item)) ?? series.items.find(hasLine) ?? series.items[0];
  byItself = first?.key;
  if (first) series.list.activate(first.key, false);
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

byId("filter").addEventListener("input", (event) => view.set({ filter: event.target.value }));

byId("service").addEventListener("change", (event) => view.set({ service: event.target.value }));

byId("clear").addEventListener("click", () => fetch("/api/reset", { method: "POST" }).catch(() => {}));

byId("filter").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.target.value = "";
  event.target.dispatchEvent(new Event("input"));
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target instanceof HTMLSelectElement) return;
  const controls = { "/": "filter", p: "pause", t: "theme" };
  VIEWS.forEach((name, index) => (controls[index + 1] = `view-${name}`));
  const control = controls[event.key] && byId(controls[event.key]);
  if (!control) return;
  event.preventDefault();
  if (control.id === "filter") control.focus();
  else control.click();
});
