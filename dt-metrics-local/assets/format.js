const SCALES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** A number in few characters; a dash if the value is not a finite number. */
export function number(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-3)) return value.toExponential(2);
  if (size >= 1e4) {
    const [scale, letter] = SCALES.find(([least]) => size >= least);
    return trim((value / scale).toPrecision(4)) + letter;
  }
  return trim(size >= 100 ? value.toFixed(1) : value.toPrecision(3));
}

const trim = (text) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);

/** A number and its unit, without the unit `1`. */
export const withUnit = (value, unit) => (unit && unit !== "1" ? `${number(value)} ${unit}` : number(value));

const WHOLE = new Intl.NumberFormat("en");

export const whole = (value) => WHOLE.format(value);

export function bytes(value) {
  if (value < 1e3) return `${value} B`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
}

export function milliseconds(value) {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`;
}

export function clock(ms, withSeconds = true) {
  const pad = (part) => String(part).padStart(2, "0");
  const at = new Date(ms);
  const minutes = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  return withSeconds ? `${minutes}:${pad(at.getSeconds())}` : minutes;
}

/** Makes control characters and characters that change the direction of text visible. */
export function visible(text) {
  return text
    .replace(/[\u0000-\u001f]/g, (found) => String.fromCharCode(0x2400 + found.charCodeAt(0)))
    .replace(/[\u007f-\u009f\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

export const dimensions = (pairs) => pairs.map(([key, value]) => `${key}=${visible(value)}`).join(" ");
