// Refused lines, with the reason under the character that is wrong.

import { List } from "./list.js";
import { byId, element, setText } from "./dom.js";
import { visible, whole } from "./format.js";

/** Characters shown before and after the wrong one. */
const BEFORE = 36;
const AFTER = 200;

export class RefusedList {
  constructor(model) {
    this.model = model;
    this.list = new List(byId("refused"), {
      height: 46,
      className: "refused-row",
      make: () => element("div"),
      fill,
    });
  }

  draw() {
    const filter = this.model.filter.toLowerCase();
    for (const refused of this.model.refused) refused.key ??= `r${refused.number}`;
    const shown = this.model.refused.filter(({ text, reason }) => `${text} ${reason}`.toLowerCase().includes(filter));
    setText(byId("refused-count"), whole(this.model.totals?.refused ?? 0));
    this.list.setItems(shown);
  }
}

function fill(row, refused) {
  if (row.shows === refused) return; // It never changes.
  row.shows = refused;
  const characters = Array.from(refused.text);
  const at = refused.column - 1;
  const start = Math.max(0, at - BEFORE);
  const before = (start > 0 ? "…" : "") + visible(characters.slice(start, at).join(""));
  const mark = element("mark", "", visible(characters[at] ?? " "));
  mark.append(element("span", "why", `↑ ${refused.reason}`));
  const rest = characters.slice(at + 1, at + 1 + AFTER);
  row.replaceChildren(before, mark, visible(rest.join("")));
  row.title = visible(refused.text);
  row.setAttribute("aria-label", `${visible(refused.text)}: ${refused.reason}`);
}
