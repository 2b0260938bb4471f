// Text reaches the page as text only: no markup is ever made of it.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function svgElement(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

/** Writes a text only if it differs: an unchanged text keeps its selection. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export function setClass(target, className) {
  if (target.className !== className) target.className = className;
}
