// Outages on demand next to the program's own numbers, and refused lines and warnings by their cause.

import { curve, drawChart } from "../chart.js";
import { byId, element, setText } from "../dom.js";
import { clock, number, visible, whole } from "../format.js";

/** Lines that are listed of each cause. */
const LISTED = 50;

/** The program's own numbers: the end of the metric key, the kind, the text. */
const NUMBERS = [
  ["points_pending", "gauge", "Pending data points"],
  ["retries", "count", "Retries"],
  ["points_recovered", "count", "Recovered from the spool"],
  ["points_dropped", "count", "Dropped data points"],
];

const FAULTS = { 503: "answers 503", hang: "does not answer", reset: "resets connections" };

/** The cause of a refusal without its position. */
export const cause = (reason) => reason.replace(/, column \d+$/, "");

export class Delivery {
  constructor(model, points, onRequest) {
    this.model = model;
    this.points = points;
    this.onRequest = onRequest;
    this.until = null;
    for (const button of document.querySelectorAll("#outage button[data-fault]")) {
      button.addEventListener("click", () => this.start(button.dataset.fault));
    }
    byId("outage-end").addEventListener("click", () => this.end());
    setInterval(() => this.drawState(), 250);
    this.numbers = NUMBERS.map(([name, kind, text]) => {
      const item = byId("health").appendChild(element("div", "health"));
      item.append(element("dt", "", text), element("dd", "", "–"));
      return { name, kind, value: item.lastChild };
    });
    new ResizeObserver(() => this.drawHealth()).observe(byId("pending-chart"));
    this.ask();
  }

  /** Requests the current outage: another page may have started one. */
  async ask() {
    await this.request("GET", "");
  }

  async start(fault) {
    const seconds = document.querySelector("input[name=seconds]:checked").value;
    await this.request("PUT", `?fault=${fault}&seconds=${seconds}`);
  }

  async end() {
    await this.request("DELETE", "");
  }

  async request(method, query) {
    try {
      const response = await fetch(`/api/outage${query}`, { method });
      if (!response.ok) return;
      const outage = response.status === 204 ? { fault: null } : await response.json();
      this.fault = outage.fault;
      this.until = outage.fault ? performance.now() + outage.seconds_left * 1000 : null;
      this.drawState();
    } catch {
      // The server is gone, which the status shows.
    }
  }

  drawState() {
    const left = this.until === null ? 0 : (this.until - performance.now()) / 1000;
    if (left <= 0) this.until = null;
    const text = left > 0 ? `The endpoint ${FAULTS[this.fault] ?? `fails with ${this.fault}`} for ${Math.ceil(left)} more seconds.` : "The endpoint works.";
    setText(byId("outage-state"), text);
    byId("outage-state").classList.toggle("bad", left > 0);
    byId("outage-end").disabled = left <= 0;
  }

  draw() {
    this.drawRefused();
    this.drawWarnings();
    this.drawHealth();
  }

  /** The metrics of the exporter with this name, of any program. */
  metricsOf(name) {
    const end = `dt_metrics.exporter.${name}`;
    return [...this.model.byMetric.keys()].filter((key) => key === end || key.endsWith(`.${end}`));
  }

  drawHealth() {
    let found = false;
    for (const { name, value } of this.numbers) {
      const series = this.metricsOf(name).flatMap((metric) => this.model.of(metric));
      found ||= series.length > 0;
      setText(value, series.length ? number(series.reduce((sum, { total }) => sum + total, 0)) : "–");
    }
    byId("no-health").hidden = found;
    const pending = this.metricsOf("points_pending");
    byId("pending-chart").toggleAttribute("hidden", !pending.length);
    if (!pending.length) return;
    this.points.askSums("health", 1, pending, this.model.cursor);
    const curves = pending.map((metric) => ({ name: metric, curve: curve(this.points.sumOf("health", metric), "gauge", 1) }));
    drawChart(byId("pending-chart"), curves, { unit: "1", step: 1, now: this.model.now() });
  }

  drawRefused() {
    const causes = new Causes();
    for (const refused of this.model.refused) {
      if (!refused.isNote) causes.add(cause(refused.reason), refused);
    }
    this.drawCauses("causes", causes);
  }

  /** Everything that arrived otherwise than it was meant, by its cause. */
  drawWarnings() {
    const causes = new Causes();
    for (const noted of this.model.refused) {
      if (noted.isNote) causes.add(noted.cause, { ...noted, why: noted.note });
    }
    for (const series of this.overflows()) {
      const text = `${series.metric} ${series.dimensionText}`;
      causes.add("Overflow: a metric has too many series, and further series are merged into one", { text, why: `${whole(series.lines)} data points arrived in the overflow series` }, series.lines);
    }
    const dropped = (text) => `The program dropped data points: ${text}`;
    const altered = (text) => `The program altered values: ${text}`;
    for (const [name, key, said] of [["dropped", "reason", dropped], ["altered", "kind", altered]]) {
      for (const series of this.metricsOf(name).flatMap((metric) => this.model.of(metric))) {
        const found = series.dimensions.find(([known]) => known === key)?.[1];
        if (found && series.total) causes.add(said(visible(found)), { text: `${series.metric} ${series.dimensionText}`, why: `${whole(series.total)} data points` }, series.total);
      }
    }
    this.drawCauses("warnings", causes);
  }

  overflows() {
    return this.model.series.filter((series) => series?.isOverflow && this.model.isOfService(series));
  }

  /** A group for each cause in the element with this id; the groups stay, so that open ones stay open. */
  drawCauses(id, causes) {
    byId(`no-${id}`).hidden = causes.groups.size > 0;
    const host = byId(id);
    const known = new Map([...host.children].map((item) => [item.dataset.cause, item]));
    const ordered = [...causes.groups].sort(([, a], [, b]) => b.count - a.count);
    for (const [name, group] of ordered) {
      const item = known.get(name) ?? host.appendChild(makeCause(name));
      known.delete(name);
      this.fillCause(item, name, group);
    }
    for (const item of known.values()) item.remove();
  }

  fillCause(item, name, { entries, count }) {
    setText(item.firstChild, `${whole(count)} × ${visible(name)}`);
    const newest = `${entries[0].number} ${entries.length} ${count}`;
    item.fillLines = () => {
      if (!item.open || item.shows === newest) return;
      item.shows = newest;
      item.lastChild.replaceChildren(...entries.slice(0, LISTED).map((entry) => this.line(entry)));
    };
    item.fillLines();
  }

  /** A line with its reason and the request that it came in. */
  line(entry) {
    const item = element("li");
    item.append(element("code", "", visible(entry.text)));
    if (entry.why) item.append(element("p", "place", visible(entry.why)));
    if (!entry.request) return item;
    const place = element("p", "place", `${position(entry)} of `);
    const button = element("button", "open", `request ${entry.request}`);
    button.type = "button";
    button.addEventListener("click", () => this.onRequest(entry.request));
    place.append(button, described(this.model.requests.find(({ number }) => number === entry.request)));
    item.append(place);
    return item;
  }
}

/** Lines by their cause, with the number of data points that they stand for. */
class Causes {
  constructor() {
    this.groups = new Map();
  }

  add(name, entry, count = 1) {
    if (!this.groups.has(name)) this.groups.set(name, { entries: [], count: 0 });
    const group = this.groups.get(name);
    group.entries.push(entry);
    group.count += count;
  }
}

function makeCause(name) {
  const item = element("details");
  item.dataset.cause = name;
  item.append(element("summary"), element("ol"));
  item.addEventListener("toggle", () => item.fillLines?.());
  return item;
}

const position = ({ line, column }) => [`line ${line}`, ...(column ? [`column ${column}`] : [])].join(", ");

/** A request in a few words. */
function described(request) {
  if (!request) return "";
  const sender = request.user_agent ? ` from ${visible(request.user_agent)}` : "";
  return ` at ${clock(request.at_ms)}${sender}: ${visible(request.path)}, status ${request.status || "none"}`;
}
