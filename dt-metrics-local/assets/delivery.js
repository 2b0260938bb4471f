// Outages on demand next to the program's own numbers, and refused lines by their cause.

import { curve, drawChart } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { clock, number, visible, whole } from "./format.js";

/** Lines that are listed of each cause. */
const LISTED = 50;

/** The program's own numbers: the end of the metric key, the kind, the text. */
const NUMBERS = [
  ["points_pending", "gauge", "Pending data points"],
  ["retries", "count", "Retries"],
  ["points_recovered", "count", "Data points recovered from the spool"],
  ["points_dropped", "count", "Dropped data points"],
];

const FAULTS = { 503: "answers 503", hang: "does not answer", reset: "resets connections" };

/** The cause of a refusal without its position. */
export const cause = (reason) => reason.replace(/, column \d+$/, "");

export class Delivery {
  constructor(model, points) {
    this.model = model;
    this.points = points;
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
    this.drawCauses();
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

  drawCauses() {
    const causes = new Map();
    for (const refused of this.model.refused) {
      const name = refused.isNote ? `Note: ${refused.note}` : cause(refused.reason);
      if (!causes.has(name)) causes.set(name, []);
      causes.get(name).push(refused);
    }
    byId("no-causes").hidden = causes.size > 0;
    const host = byId("causes");
    const known = new Map([...host.children].map((item) => [item.dataset.cause, item]));
    const ordered = [...causes].sort(([, a], [, b]) => b.length - a.length);
    for (const [name, all] of ordered) {
      const item = known.get(name) ?? host.appendChild(makeCause(name));
      known.delete(name);
      fillCause(item, name, all, this.model.requests);
    }
    for (const item of known.values()) item.remove();
  }
}

function makeCause(name) {
  const item = element("details");
  item.dataset.cause = name;
  item.append(element("summary"), element("ol"));
  item.addEventListener("toggle", () => item.fillLines?.());
  return item;
}

function fillCause(item, name, all, requests) {
  setText(item.firstChild, `${whole(all.length)} × ${visible(name)}`);
  const newest = `${all[0].number} ${all.length}`;
  item.fillLines = () => {
    if (!item.open || item.shows === newest) return;
    item.shows = newest;
    item.lastChild.replaceChildren(
      ...all.slice(0, LISTED).map((refused) => {
        const line = element("li");
        line.append(element("code", "", visible(refused.text)), element("p", "place", origin(refused, requests)));
        return line;
      }),
    );
  };
  item.fillLines();
}

/** The request that a line came in. */
function origin({ line, column, request }, requests) {
  const found = requests.find(({ number }) => number === request);
  const position = [`line ${line}`, ...(column ? [`column ${column}`] : [])].join(", ");
  if (!request) return position;
  if (!found) return `${position} of request ${request}`;
  const sender = found.user_agent ? ` from ${visible(found.user_agent)}` : "";
  return `${position} of request ${request} at ${clock(found.at_ms)}${sender}: ${found.path}, status ${found.status || "none"}`;
}
