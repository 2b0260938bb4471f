// Refused lines, with the reason below the wrong character, and notes about accepted lines.

import { List } from "../list.js";
import { byId, element, setText } from "../dom.js";
import { visible, whole } from "../format.js";

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
    for (const row of this.model.refused) row.key ??= `${row.isNote ? "n" : "r"}${row.number}`;
    const said = ({ text, reason, note }) => `${text} ${reason ?? note}`.toLowerCase();
    const shown = this.model.refused.filter((row) => said(row).includes(filter));
    const { refused = 0, notes = 0 } = this.model.totals ?? {};
    setText(byId("refused-count"), whole(refused) + (notes ? ` · ${whole(notes)} notes` : ""));
    this.list.setItems(shown);
  }
}

function fill(row, refused) {
  if (row.shows === refused) return; // A refused line never changes.
  row.shows = refused;
  if (refused.isNote) {
    fillNote(row, refused);
    return;
  }
  const characters = Array.from(refused.text);
  const at = refused.column - 1;
  const start = Math.max(0, at - BEFORE);
  const before = (start > 0 ? "…" : "") + visible(characters.slice(start, at).join(""));
  const mark = element("mark", "", visible(characters[at] ?? " "));
  const rest = characters.slice(at + 1, at + 1 + AFTER);
  // The last part, as screen readers read it, below the wrong character.
  const why = element("span", "why", `↑ ${refused.reason}`);
  row.replaceChildren(before, mark, visible(rest.join("")), " ", why);
  why.style.left = `${mark.offsetLeft}px`;
  row.title = visible(refused.text);
}

/** An accepted line, and a note about the part of it that is not stored. */
function fillNote(row, { text, note }) {
  const characters = Array.from(text);
  const shown = visible(characters.slice(0, AFTER).join("")) + (characters.length > AFTER ? "…" : "");
  const line = element("span", "noted", shown);
  row.replaceChildren(line, " ", element("span", "why", `Note: ${visible(note)}`));
  row.title = visible(text);
}
