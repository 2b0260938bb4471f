// Requests: time, status, lines, size and duration.

import { List } from "../list.js";
import { byId, element, setClass, setText } from "../dom.js";
import { bytes, clock, milliseconds, visible, whole } from "../format.js";

const COLUMNS = ["", "", "number", "number", "number", "dimensions"];

export class RequestList {
  /** `onActive` receives the request that the user moves to, `onOpen` the one that the user opens. */
  constructor(model, { onActive, onOpen }) {
    this.model = model;
    this.list = new List(byId("requests"), { height: 28, className: "request-row", make, fill, onActive, onOpen });
  }

  draw() {
    for (const request of this.model.requests) request.key ??= `q${request.number}`;
    setText(byId("requests-count"), whole(this.model.totals?.requests ?? 0));
    this.list.setItems(this.model.requests);
  }
}

function make() {
  const row = element("div");
  row.append(...COLUMNS.map((className) => element("span", className)));
  row.lastChild.append(element("span", "mark"), element("span"));
  return row;
}

function fill(row, request) {
  const [time, status, lines, size, took, path] = row.children;
  const answered = request.status === 0 ? "no answer" : String(request.status);
  const refused = request.refused ? `${whole(request.refused)} refused` : "";
  setText(time, clock(request.at_ms));
  setText(status, request.fault ? `${answered} (${request.fault})` : answered);
  setClass(status, request.is_accepted ? "good" : "bad");
  setText(lines, whole(request.lines));
  setText(size, bytes(request.bytes));
  setText(took, milliseconds(request.took_ms));
  const [mark, rest] = path.children;
  setText(mark, request.protocol === "OTLP" ? "OTLP" : "");
  const message = visible(request.message ?? "");
  setText(rest, [visible(request.path), message].filter(Boolean).join(" · "));
  row.title = [refused, visible(request.path), message, visible(request.user_agent ?? "")].filter(Boolean).join(" · ");
}
