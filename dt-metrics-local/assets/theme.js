// Dark and light: as the system is set, until the user selects one.

import { byId, setText } from "./dom.js";

const KEY = "dt-metrics-local.theme";
const NEXT = { auto: "dark", dark: "light", light: "auto" };

export function startTheme() {
  let theme = read();
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    setText(byId("theme"), `Theme: ${theme}`);
  };
  apply();
  byId("theme").addEventListener("click", () => {
    theme = NEXT[theme];
    write(theme);
    apply();
  });
}

// A browser may not allow pages to store anything.
function read() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept in NEXT ? kept : "auto";
  } catch {
    return "auto";
  }
}

function write(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The theme is kept until the page is closed.
  }
}
