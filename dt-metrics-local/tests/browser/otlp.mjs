// A metric by OTLP, its protobuf written by hand (metrics.proto has the numbers of the fields).

const text = (value) => new TextEncoder().encode(value);
const joined = (parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** A field of bytes: a message, or text. */
function field(number, ...parts) {
  const value = joined(parts);
  const length = value.length < 128 ? [value.length] : [(value.length & 127) | 128, value.length >> 7];
  return Uint8Array.from([(number << 3) | 2, ...length, ...value]);
}

function double(number, value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return Uint8Array.from([(number << 3) | 1, ...bytes]);
}

const attributes = (number, pairs) => Object.entries(pairs).map(([key, value]) => field(number, field(1, text(key)), field(2, field(1, text(value)))));

function fixed(...values) {
  const bytes = new Uint8Array(8 * values.length);
  values.forEach((value, index) => new DataView(bytes.buffer).setBigUint64(8 * index, BigInt(value), true));
  return bytes;
}

function doubles(...values) {
  const bytes = new Uint8Array(8 * values.length);
  values.forEach((value, index) => new DataView(bytes.buffer).setFloat64(8 * index, value, true));
  return bytes;
}

/** Sends a histogram with deltas in explicit buckets. */
export async function sendHistogram(origin, { name, unit, sum, min, max, bounds, counts, dimensions }) {
  const count = joined([Uint8Array.from([(4 << 3) | 1]), fixed(counts.reduce((a, b) => a + b))]);
  const point = field(1, count, double(5, sum), field(6, fixed(...counts)), field(7, doubles(...bounds)), ...attributes(9, dimensions), double(11, min), double(12, max));
  const metric = field(2, field(1, text(name)), field(3, text(unit)), field(9, point, Uint8Array.from([2 << 3, 1])));
  const response = await fetch(`${origin}/v1/metrics`, {
    method: "POST",
    headers: { "Content-Type": "application/x-protobuf" },
    body: field(1, field(1), field(2, metric)),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Sends a gauge as an SDK of OpenTelemetry does. */
export async function sendGauge(origin, { name, description, unit, value, dimensions, resource }) {
  const point = field(1, ...attributes(7, dimensions), double(4, value));
  const metric = field(2, field(1, text(name)), field(2, text(description)), field(3, text(unit)), field(5, point));
  const response = await fetch(`${origin}/v1/metrics`, {
    method: "POST",
    headers: { "Content-Type": "application/x-protobuf", "User-Agent": "an-sdk/1.0" },
    body: field(1, field(1, ...attributes(1, resource)), field(2, metric)),
  });
  await response.arrayBuffer();
  return response.status;
}
