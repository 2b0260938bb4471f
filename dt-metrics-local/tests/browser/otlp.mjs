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
