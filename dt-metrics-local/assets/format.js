const SCALES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** A number in few characters; a dash if the value is not a finite number. */
export function number(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(2);
  if (size >= 1e4) {
    const [scale, letter] = SCALES.find(([least]) => size >= least);
    return trim((value / scale).toPrecision(4)) + letter;
  }
  if (size > 0 && size < 1e-3) return trim(value.toFixed(8));
  return trim(size >= 100 ? value.toFixed(1) : value.toPrecision(3));
}

const trim = (text) => (text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text);

/** Units of time in seconds. */
const SECONDS = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1 };
const TIMES = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
const SIZES = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]];

/** A number and its unit, in the multiple of the unit that fits: `87 µs` for 8.7e-5 s. */
export function quantity(value, unit) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const isTime = unit in SECONDS;
  if ((isTime || unit === "By") && value !== 0) {
    const base = isTime ? value * SECONDS[unit] : value;
    const scales = isTime ? TIMES : SIZES;
    const [scale, name] = scales.find(([least]) => Math.abs(base) >= least * 0.9995) ?? scales.at(-1);
    return `${scaled(base / scale)} ${name}`;
  }
  if (unit === "By") return "0 B";
  const annotation = /^\{(.*)\}$/.exec(unit ?? "");
  const shown = annotation ? annotation[1] : unit;
  return shown && shown !== "1" ? `${number(value)} ${shown}` : number(value);
}

const scaled = (value) => {
  const size = Math.abs(value);
  return size >= 10_000 ? number(value) : trim(size >= 100 ? value.toFixed(0) : value.toPrecision(3));
};

const WHOLE = new Intl.NumberFormat("en");

export const whole = (value) => WHOLE.format(value);

/** A share as a percentage. */
export function percent(share) {
  if (typeof share !== "number" || !Number.isFinite(share)) return "–";
  const hundred = share * 100;
  return `${hundred > 0 && hundred < 0.1 ? "<0.1" : trim(hundred.toFixed(hundred < 10 ? 1 : 0))} %`;
}

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

/** Orders texts as people do: `shard-2` before `shard-10`. */
export const natural = new Intl.Collator("en", { numeric: true, sensitivity: "variant" }).compare;

/** Makes control characters and characters that change the direction of text visible. */
export function visible(text) {
  return text
    .replace(/[\u0000-\u001f]/g, (found) => String.fromCharCode(0x2400 + found.charCodeAt(0)))
    .replace(/[\u007f-\u009f\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

export const dimensions = (pairs) => pairs.map(([key, value]) => `${key}=${visible(value)}`).join(" ");
