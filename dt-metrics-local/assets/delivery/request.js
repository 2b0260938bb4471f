// A request with its lines; refused lines have their reason below the wrong character.

import { byId, element, setText } from "../dom.js";
import { bytes, clock, milliseconds, visible, whole } from "../format.js";

export class RequestDetail {
  constructor() {
    this.number = null;
  }

  /** Forgets the request if the endpoint was cleared or started again, so that the number is unknown. */
  forgetAfter(requests) {
    if (this.number === null || this.number <= requests) return;
    this.draw(this.number, null);
    this.number = null;
  }

  /** Requests the lines of a request and shows them. */
  async show(number) {
    if (this.number === number) return;
    this.number = number;
    try {
      const response = await fetch(`/api/requests/${number}`);
      const found = response.ok ? await response.json() : null;
      // The user may have selected another request meanwhile.
      if (this.number === number) this.draw(number, found);
    } catch {
      this.number = null; // The server is gone, which the status shows.
    }
  }

  draw(number, request) {
    setText(byId("request-title"), `Request ${whole(number)}`);
    setText(byId("request-facts"), request ? facts(request) : "The endpoint does not keep this request any more.");
    const lines = request?.content ?? [];
    byId("request-lines").replaceChildren(...lines.map(makeLine));
    setText(byId("request-rest"), request ? rest(request) : "");
  }
}

function facts(request) {
  const status = request.status === 0 ? "no answer" : `status ${request.status}`;
  const parts = [
    clock(request.at_ms),
    request.fault ? `${status} (${request.fault})` : status,
    visible(request.path),
    `${whole(request.lines)} ${request.protocol === "OTLP" ? "data points over OTLP" : "lines"}`,
    `${whole(request.refused)} refused`,
    bytes(request.bytes),
    milliseconds(request.took_ms),
    visible(request.user_agent ?? ""),
    visible(request.message ?? ""),
  ];
  return parts.filter(Boolean).join(" · ");
}

function rest({ is_kept: isKept, kept_bytes: keptBytes, further, bytes: size }) {
  if (!isKept && size > 0) return `The lines of this request are not kept: the endpoint keeps the newest requests up to ${bytes(keptBytes)}.`;
  return further ? `and ${whole(further)} more lines without a refusal` : "";
}

function makeLine({ line, text, reason, column, notes }) {
  const item = element("li", reason ? "refused" : "");
  item.value = line;
  const code = item.appendChild(element("code"));
  if (reason) {
    const characters = Array.from(text);
    const at = column - 1;
    code.append(visible(characters.slice(0, at).join("")), element("mark", "", visible(characters[at] ?? " ")), visible(characters.slice(at + 1).join("")));
    item.append(element("p", "bad", `Refused: ${visible(reason)}`));
  } else code.textContent = visible(text);
  item.append(...notes.map((note) => element("p", "noted", `Warning: ${visible(note)}`)));
  return item;
}
