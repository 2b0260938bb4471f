// The metrics and their series: a tree with one branch for each metric that has several series.

import { List } from "./list.js";
import { curve, drawSparkline, sparkline } from "./chart.js";
import { byId, element, setText } from "./dom.js";
import { dimensions, natural, number, quantity, visible, whole } from "./format.js";

const USE = "rows";
const GROUPS = "groups";
const STEP = 1;

/** Up to this number of series, all metrics start unfolded. */
const UNFOLDED = 50;

/** The name of a series without a dimension of its own. */
const NONE = "(none)";

const SORTS = ["name", "value", "rate"];

export class SeriesList {
  constructor(model, points, onChosen) {
    this.model = model;
    this.points = points;
    /** The metrics that the user folded or unfolded. */
    this.unfolded = new Map();
    this.sortBy = "name";
    this.isDescending = false;
    this.showsCommon = false;
    this.groups = new Map();
    this.list = new List(byId("series"), {
      height: 44,
      className: "series-row",
      role: "treeitem",
      make: () => this.make(),
      fill: (row, item) => this.fill(row, item),
      onActive: onChosen,
      onItemKey: (event, item) => this.onItemKey(event, item),
      onRange: (shown) => this.want(shown),
    });
    for (const name of SORTS) byId(`sort-${name}`).addEventListener("click", () => this.sort(name));
    byId("unfold-all").addEventListener("click", () => this.unfoldAll(true));
    byId("fold-all").addEventListener("click", () => this.unfoldAll(false));
    byId("common").addEventListener("click", () => this.toggleCommon());
    const url = `${location.origin}/api/v2/metrics/ingest`;
    setText(
      byId("how"),
      `.endpoint("${url}")\nDT_METRICS_INGEST_URL=${url}\nOTEL_EXPORTER_OTLP_ENDPOINT=${location.origin}`,
    );
    setText(byId("how-catalog"), `my-program --catalog | curl -T - ${location.origin}/api/catalog`);
    byId("unconfigured").hidden = location.port !== "14499";
  }

  get items() {
    return this.list.items;
  }

  sort(name) {
    this.isDescending = this.sortBy === name ? !this.isDescending : name !== "name";
    this.sortBy = name;
    byId("series").scrollTop = 0;
    this.draw();
  }

  /** Folds or unfolds all metrics that are shown. */
  unfoldAll(isUnfolded) {
    for (const metric of this.groups.keys()) this.unfolded.set(metric, isUnfolded);
    this.draw();
  }

  toggle(group, isUnfolded = !this.isUnfolded(group)) {
    this.unfolded.set(group.metric, isUnfolded);
    this.draw();
  }

  toggleCommon() {
    this.showsCommon = !this.showsCommon;
    byId("common").setAttribute("aria-pressed", String(this.showsCommon));
    this.draw();
  }

  isUnfolded({ metric }) {
    return this.unfolded.get(metric) ?? (this.model.filter !== "" || this.model.shown().length <= UNFOLDED);
  }

  /** The series that are shown by their metric, in the order of their names. */
  group(shown) {
    if (this.grouped === shown) return;
    this.grouped = shown;
    this.groups = new Map();
    for (const series of shown) {
      const { metric } = series;
      if (!this.groups.has(metric)) this.groups.set(metric, { key: `m${metric}`, metric, series: [] });
      this.groups.get(metric).series.push(series);
    }
    for (const group of this.groups.values()) group.isGroup = group.series.length > 1;
  }

  /** The sum over the series of a group, computed once for each frame and second. */
  sumOf(group) {
    const at = `${this.model.cursor} ${Math.floor(this.model.now() / 1000)}`;
    if (group.sumAt !== at) {
      group.sumAt = at;
      group.sum = this.model.sum(group.series);
    }
    return group.sum;
  }

  /** The rows: each metric, and below it its series unless it is folded. */
  rows() {
    const sign = this.isDescending ? -1 : 1;
    const least = (value) => value ?? -Infinity;
    const ofGroup = (group) => this.sumOf(group)[this.sortBy];
    const ofSeries = (series) => (this.sortBy === "rate" ? this.model.rate(series) : this.model.value(series));
    const byNumber = (of) => (a, b) => sign * (least(of(a)) - least(of(b)) || 0);
    let groups = [...this.groups.values()];
    const isByName = this.sortBy === "name";
    if (!isByName) groups.sort((a, b) => byNumber(ofGroup)(a, b) || natural(a.metric, b.metric));
    else if (this.isDescending) groups.reverse();
    const rows = [];
    groups.forEach((group, index) => {
      const place = { level: 1, place: index + 1, of: groups.length };
      if (!group.isGroup) {
        rows.push(Object.assign(group.series[0], place));
        return;
      }
      rows.push(Object.assign(group, place));
      if (!this.isUnfolded(group)) return;
      const children = isByName ? group.series : group.series.slice().sort(byNumber(ofSeries));
      children.forEach((series, child) => rows.push(Object.assign(series, { level: 2, place: child + 1, of: children.length })));
    });
    return rows;
  }

  make() {
    const row = element("div");
    const name = element("span", "name");
    const twisty = element("span", "twisty");
    twisty.setAttribute("aria-hidden", "true");
    twisty.addEventListener("click", (event) => {
      event.stopPropagation();
      this.toggle(this.groups.get(row.metric));
    });
    name.append(twisty, element("span"));
    row.append(name, element("span", "dimensions"), element("span", "number"), element("span", "number"), sparkline());
    return row;
  }

  fill(row, item) {
    const [name, chips, value, rate, spark] = row.children;
    const { metric, isGroup = false } = item;
    row.metric = metric;
    row.classList.toggle("group", isGroup);
    row.classList.toggle("child", item.level === 2);
    setText(name.lastChild, item.level === 2 ? "" : metric);
    if (isGroup) this.fillGroup(row, item, chips, value, rate);
    else {
      row.removeAttribute("aria-expanded");
      const telling = this.model.tellingPairs(item).map(pair);
      fillChips(chips, item.level === 2 && !telling.length ? [NONE] : telling, this.commonOf(item));
      setText(value, quantity(this.model.value(item), this.model.unit(item)));
      const perSecond = this.model.rate(item);
      setText(rate, perSecond === null ? "" : `${number(perSecond)} /s`);
      row.title = [metric, item.dimensionText].join(" ").trim();
    }
    const isEnded = isGroup ? item.series.every((series) => this.model.isEnded(series)) : this.model.isEnded(item);
    row.classList.toggle("ended", isEnded);
    drawSparkline(spark, this.past(item), this.model.now());
  }

  fillGroup(row, group, chips, value, rate) {
    const sum = this.sumOf(group);
    const isUnfolded = this.isUnfolded(group);
    row.setAttribute("aria-expanded", String(isUnfolded));
    const total = this.model.byMetric.get(group.metric).length;
    const shown = group.series.length;
    fillChips(chips, [shown === total ? `${whole(total)} series` : `${whole(shown)} of ${whole(total)} series`], this.commonOf(group));
    setText(value, `${quantity(sum.value, this.model.unit(group))} ${sum.meaning}`);
    setText(rate, sum.rate === null ? "" : `${number(sum.rate)} /s`);
    row.title = `${group.metric} ${dimensions(this.model.dimensionsOf.get(group.metric).common())}`.trim();
  }

  /** The dimensions that a row shares with the rows next to it: their number, or themselves on demand. */
  commonOf({ metric, level }) {
    if (level === 2) return [];
    const of = this.model.isAlone(metric) ? this.model.dimensions : this.model.dimensionsOf.get(metric);
    const common = of.common();
    if (this.showsCommon) return common.map(pair);
    return common.length ? [`+${common.length} common`] : [];
  }

  /** The curve of a row. The past of a metric is that of all its series, so a part of them has none. */
  past(item) {
    if (!item.isGroup) return curve(this.points.of(USE, item.id), item.kind, STEP);
    const isWhole = item.series.length === this.model.byMetric.get(item.metric).length;
    return isWhole ? curve(this.points.sumOf(GROUPS, item.metric), item.series[0].kind, STEP) : [];
  }

  /** Requests the past of the visible rows, once for each new range and each frame. */
  want(shown) {
    const ids = shown.filter(({ isGroup }) => !isGroup).map(({ id }) => id);
    const metrics = shown.filter(({ isGroup }) => isGroup).map(({ metric }) => metric);
    const text = `${ids} ${metrics} ${this.model.cursor}`;
    if (text === this.asked) return;
    this.asked = text;
    this.points.ask(USE, STEP, ids);
    this.points.askSums(GROUPS, STEP, metrics, this.model.cursor);
  }

  /** As in other trees: the right arrow unfolds, the left arrow folds or goes to the metric of a series. */
  onItemKey({ key }, item) {
    const isUnfolded = item.isGroup && this.isUnfolded(item);
    if (item.isGroup && (key === "Enter" || key === " ")) this.toggle(item);
    else if (item.isGroup && key === "ArrowRight" && !isUnfolded) this.toggle(item, true);
    else if (isUnfolded && key === "ArrowRight") this.list.goTo(this.list.activeIndex() + 1);
    else if (isUnfolded && key === "ArrowLeft") this.toggle(item, false);
    else if (item.level === 2 && key === "ArrowLeft") this.list.goTo(this.items.indexOf(this.groups.get(item.metric)));
    else return false;
    return true;
  }

  draw() {
    const shown = this.model.shown();
    const all = this.model.sorted.length;
    this.group(shown);
    byId("empty").hidden = all > 0;
    const metrics = this.groups.size;
    const series = shown.length === all ? `${whole(all)} series` : `${whole(shown.length)} of ${whole(all)} series`;
    setText(byId("metrics-count"), `${series} · ${whole(metrics)} ${metrics === 1 ? "metric" : "metrics"}`);
    for (const name of SORTS) {
      const button = byId(`sort-${name}`);
      const order = this.sortBy !== name ? "" : this.isDescending ? "descending" : "ascending";
      button.dataset.order = order;
      button.setAttribute("aria-label", `${button.textContent}: sort${order ? `ed, ${order}` : ""}`);
    }
    this.list.setItems(this.rows());
  }

  redraw() {
    this.list.draw();
  }
}

const pair = ([key, value]) => `${key}=${visible(value)}`;

/** Writes the dimensions of a row, each in a frame of its own. */
function fillChips(host, texts, common) {
  const text = JSON.stringify([texts, common]);
  if (host.shows === text) return;
  host.shows = text;
  const chips = [...texts.map((each) => element("span", "chip", each)), ...common.map((each) => element("span", "chip common", each))];
  // A space between two chips, for screen readers and copies.
  host.replaceChildren(...chips.flatMap((chip) => [chip, " "]));
}
