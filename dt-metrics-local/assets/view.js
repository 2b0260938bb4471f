// Which part of the page is shown. The address has it, so that it can be sent to somebody else.

import { byId } from "./dom.js";

export const VIEWS = ["metrics", "functions", "cost", "delivery"];

export class View {
  constructor(onChange) {
    this.onChange = onChange;
    this.state = { view: VIEWS[0], filter: "", service: "" };
    for (const name of VIEWS) byId(`view-${name}`).addEventListener("click", () => this.show(name));
    byId("views").addEventListener("keydown", (event) => this.onKey(event));
    addEventListener("hashchange", () => this.read());
  }

  /** Takes over the address. */
  read() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const view = parameters.get("view");
    this.state = {
      view: VIEWS.includes(view) ? view : VIEWS[0],
      filter: parameters.get("filter") ?? "",
      service: parameters.get("service") ?? "",
    };
    this.apply();
  }

  show(view) {
    this.set({ view });
  }

  /** Changes a part of the state and the address. */
  set(changed) {
    Object.assign(this.state, changed);
    const { view, filter, service } = this.state;
    const parameters = new URLSearchParams();
    if (view !== VIEWS[0]) parameters.set("view", view);
    if (filter) parameters.set("filter", filter);
    if (service) parameters.set("service", service);
    const hash = parameters.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
    this.apply();
  }

  apply() {
    document.querySelector("main").dataset.view = this.state.view;
    for (const name of VIEWS) {
      const tab = byId(`view-${name}`);
      const isShown = name === this.state.view;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
    this.onChange(this.state);
  }

  onKey(event) {
    const index = VIEWS.indexOf(event.target.id.slice("view-".length));
    const last = VIEWS.length - 1;
    const moves = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.show(VIEWS[moves[event.key]]);
    byId(`view-${this.state.view}`).focus();
  }
}
