// Dark and light: as the system says until somebody chooses.

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

// A browser may forbid to keep anything.
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
    // It holds until the page is closed.
  }
}
