// A table whose columns sort it. Its rows keep their elements, so that focus and selection stay.

import { element, setText } from "./dom.js";

export class Table {
  /**
   * `columns`: [{ name, title, value(row), text(row), isNumber, isOpening, fill(cell, row) }]. Rows have
   * a `key`. `value` is sorted by; `fill` replaces `text` for cells that are more than text.
   */
  constructor(host, { caption, columns, sortBy, isDescending = true, onOpen = null }) {
    Object.assign(this, { columns, sortBy, isDescending, onOpen });
    this.rows = [];
    this.elements = new Map();
    this.openKey = null;
    const table = host.appendChild(element("table"));
    table.append(element("caption", "hidden", caption));
    const head = table.appendChild(element("thead")).appendChild(element("tr"));
    this.heads = columns.map((column) => {
      const cell = head.appendChild(element("th", column.isNumber ? "number" : ""));
      cell.scope = "col";
      if (!column.value) {
        cell.textContent = column.name;
        return cell;
      }
      const button = cell.appendChild(element("button", "sort", column.name));
      button.type = "button";
      if (column.title) button.title = column.title;
      button.addEventListener("click", () => this.sort(column));
      return cell;
    });
    this.body = table.appendChild(element("tbody"));
  }

  sort(column) {
    this.isDescending = this.sortBy === column.name ? !this.isDescending : Boolean(column.isNumber);
    this.sortBy = column.name;
    this.draw();
  }

  setRows(rows) {
    this.rows = rows;
    this.draw();
  }

  sorted() {
    const column = this.columns.find(({ name }) => name === this.sortBy);
    const sign = this.isDescending ? -1 : 1;
    const order = (a, b) => {
      const [left, right] = [column.value(a), column.value(b)];
      if (typeof left === "number" || typeof right === "number") return sign * ((left ?? -Infinity) - (right ?? -Infinity) || 0);
      return sign * column.compare(left ?? "", right ?? "");
    };
    return this.rows.slice().sort((a, b) => order(a, b) || (a.key < b.key ? -1 : 1));
  }

  draw() {
    this.heads.forEach((cell, index) => {
      const isSorted = this.columns[index].name === this.sortBy;
      if (isSorted) cell.setAttribute("aria-sort", this.isDescending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    const keys = new Set(this.rows.map((row) => row.key));
    for (const [key, row] of this.elements) {
      if (keys.has(key)) continue;
      this.elements.delete(key);
      row.remove();
    }
    this.sorted().forEach((row, index) => {
      const drawn = this.elements.get(row.key) ?? this.make(row);
      drawn.row = row;
      // Moving an element takes the focus from it.
      if (this.body.children[index] !== drawn) this.body.insertBefore(drawn, this.body.children[index] ?? null);
      drawn.classList.toggle("chosen", row.key === this.openKey);
      this.columns.forEach((column, cell) => this.fill(drawn.cells[cell], column, row));
    });
  }

  make(row) {
    const made = element("tr");
    made.dataset.key = row.key;
    for (const column of this.columns) {
      const cell = made.appendChild(element(column.isOpening ? "th" : "td", column.isNumber ? "number" : ""));
      if (!column.isOpening) continue;
      cell.scope = "row";
      const button = cell.appendChild(element("button", "open"));
      button.type = "button";
      button.addEventListener("click", () => this.open(made.row));
    }
    this.elements.set(row.key, made);
    return made;
  }

  open(row) {
    this.openKey = row.key;
    this.draw();
    this.onOpen?.(row);
  }

  fill(cell, column, row) {
    if (column.isOpening) {
      const button = cell.firstChild;
      setText(button, column.text(row));
      button.setAttribute("aria-expanded", String(row.key === this.openKey));
    }
    if (column.fill) column.fill(cell, row);
    else if (!column.isOpening) setText(cell, column.text(row));
  }
}
