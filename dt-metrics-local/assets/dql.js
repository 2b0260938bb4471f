// Queries in DQL for the metrics on the page, to paste into a notebook of Dynatrace.

/** Keywords of DQL that cannot be names. */
const WORDS = /^(and|by|else|false|filter|from|in|interval|not|null|or|to|true|timeframe|timeseries|xor)$/i;

/** The columns for each kind of series. A count without an increase is not sent, so no value is 0. */
const COLUMNS = {
  count: (metric) => [`per_second = sum(${metric}, default: 0, rate: 1s)`],
  gauge: (metric) => [`average = avg(${metric})`, `maximum = max(${metric})`],
  summary: (metric) => [`average = avg(${metric})`, `minimum = min(${metric})`, `maximum = max(${metric})`],
};

/** A name, in backticks if it needs them: a hyphen would be a subtraction. */
function name(text) {
  const isPlain = text.split(".").every((section) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(section));
  return isPlain && !WORDS.test(text) ? text : `\`${text}\``;
}

const string = (text) => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/**
 * The query for the chart of a series; with `split`, of all series of its metric: the sum of all if it is
 * empty, else by this dimension.
 */
export function query({ metric, kind, dimensions }, split = null) {
  const conditions = dimensions.map(([key, value]) => `${name(key)} == ${string(value)}`);
  const command = `timeseries { ${COLUMNS[kind](name(metric)).join(", ")} }`;
  if (split !== null) return split ? `${command},\nby: { ${name(split)} }` : command;
  return conditions.length ? `${command},\nfilter: { ${conditions.join(" and ")} }` : command;
}
