// A list of any length that draws only the rows on the screen. One row is active: it can
// be tabbed to, and the arrow keys move it.

import { element } from "./dom.js";

/** Rows drawn above and below the visible rows, for scrolling without gaps. */
const SPARE = 4;

export class List {
  /**
   * `make()` makes an empty row, `fill(row, item)` writes an item into it. Items have a `key`, and in a
   * tree `level`, `place` and `of`. `onOpen` is called on a click and on Enter; `onItemKey` returns true for
   * a key that it used.
   */
  constructor(host, { height, className, make, fill, role = "option", onActive = () => {}, onOpen = () => {}, onItemKey = () => false, onRange = () => {} }) {
    Object.assign(this, { host, height, className, make, fill, role, onActive, onOpen, onItemKey, onRange });
    this.items = [];
    this.activeKey = null;
    this.rows = new Map();
    this.space = host.appendChild(element("div", "space"));
    this.space.setAttribute("role", "presentation");
    host.tabIndex = -1;
    host.addEventListener("scroll", () => this.draw());
    host.addEventListener("keydown", (event) => this.onKey(event));
    host.addEventListener("focusin", (event) => this.onFocus(event));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  setItems(items) {
    this.items = items;
    this.draw();
  }

  activeIndex() {
    return this.items.findIndex((item) => item.key === this.activeKey);
  }

  range() {
    const first = Math.floor(this.host.scrollTop / this.height) - SPARE;
    const seen = Math.ceil(this.host.clientHeight / this.height) + 2 * SPARE;
    return [Math.max(0, first), Math.min(this.items.length, Math.max(0, first) + seen)];
  }

  draw() {
    this.space.style.height = `${this.items.length * this.height}px`;
    const [first, end] = this.range();
    const visible = this.items.slice(first, end);
    const keys = new Set(visible.map((item) => item.key));
    for (const [key, row] of this.rows) {
      if (!keys.has(key)) this.remove(key, row);
    }
    const isActiveVisible = keys.has(this.activeKey);
    visible.forEach((item, offset) => {
      const index = first + offset;
      const row = this.rows.get(item.key) ?? this.add(item.key);
      row.style.top = `${index * this.height}px`;
      const isActive = item.key === this.activeKey;
      row.tabIndex = isActive || (!isActiveVisible && offset === 0) ? 0 : -1;
      row.setAttribute("aria-selected", String(isActive));
      row.setAttribute("aria-posinset", item.place ?? index + 1);
      row.setAttribute("aria-setsize", item.of ?? this.items.length);
      if (item.level) row.setAttribute("aria-level", item.level);
      this.fill(row, item);
    });
    this.onRange(visible);
  }

  add(key) {
    const row = this.make();
    row.classList.add("row", this.className);
    row.setAttribute("role", this.role);
    row.dataset.key = key;
    row.style.height = `${this.height}px`;
    row.addEventListener("click", () => {
      this.activate(key, true);
      this.onOpen(this.items[this.activeIndex()]);
    });
    this.rows.set(key, row);
    return this.space.appendChild(row);
  }

  remove(key, row) {
    this.rows.delete(key);
    // The keys also work after the row with the focus was scrolled out of view.
    if (row === document.activeElement) this.host.focus({ preventScroll: true });
    row.remove();
  }

  /** Makes a row active, and moves the focus to it if requested. */
  activate(key, withFocus) {
    if (key !== this.activeKey) {
      this.activeKey = key;
      this.draw();
      this.onActive(this.items[this.activeIndex()]);
    }
    if (withFocus) this.rows.get(key)?.focus({ preventScroll: true });
  }

  onFocus(event) {
    const key = event.target.dataset?.key;
    if (key) this.activate(key, false);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.items.length) return;
    const page = Math.max(1, Math.floor(this.host.clientHeight / this.height) - 1);
    const last = this.items.length - 1;
    const active = this.activeIndex();
    const item = this.items[active];
    if (item && event.key === "Enter") this.onOpen(item);
    if (item && this.onItemKey(event, item)) {
      event.preventDefault();
      return;
    }
    const moves = {
      ArrowDown: active + 1,
      ArrowUp: active < 0 ? 0 : active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: last,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.goTo(Math.min(last, Math.max(0, moves[event.key])));
  }

  /** Makes a row active, with the focus, wherever it is. */
  goTo(index) {
    this.reveal(index);
    this.activate(this.items[index].key, true);
  }

  reveal(index) {
    const top = index * this.height;
    const { scrollTop, clientHeight } = this.host;
    if (top < scrollTop) this.host.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.host.scrollTop = top + this.height - clientHeight;
    this.draw();
  }
}
