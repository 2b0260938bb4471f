// The program of `sdks.rs`, with OpenTelemetry's SDK for Node.
//
// Arguments: the format (`protobuf` or `json`), the instruments (`all`, or `calls` alone), and what
// `sdks.rs` records as well, as JSON. Endpoint and temporality are in the environment.

const { diag, DiagConsoleLogger, DiagLogLevel } = require("@opentelemetry/api");
const { MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
const [format, instruments, shared] = process.argv.slice(2);
const { kinds, pushes, calls_in_push } = JSON.parse(shared);
const way = format === "json" ? "http" : "proto";
const { OTLPMetricExporter } = require(`@opentelemetry/exporter-metrics-otlp-${way}`);

async function main() {
  diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);
  const exporter = new OTLPMetricExporter();
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("peer");
  let push = 0;

  const calls = meter.createCounter("peer.calls", { unit: "{call}", description: "Calls, of all kinds" });
  const all = instruments === "all" && {
    size: meter.createHistogram("peer.size", { unit: "By" }),
    sent: meter.createCounter("peer.bytes"),
    weight: meter.createCounter("peer.weight"),
    sessions: meter.createUpDownCounter("peer.sessions"),
    depth: meter.createGauge("peer.depth"),
  };
  if (all) {
    const cpu = meter.createObservableCounter("peer.cpu");
    cpu.addCallback((result) => result.observe(push * 10, { core: 0 }));
    const idle = meter.createObservableUpDownCounter("peer.idle");
    idle.addCallback((result) => result.observe(100 - push));
    const heat = meter.createObservableGauge("peer.heat");
    heat.addCallback((result) => result.observe(20 + push / 4));
  }

  while (push < pushes) {
    push += 1;
    for (let n = 0; n < calls_in_push; n += 1) {
      const kind = kinds[n % kinds.length];
      calls.add(1, { kind, even: n % 2 === 0 });
      if (all) all.size.record(n * 0.25, { kind });
    }
    if (all) {
      all.sent.add(push * 1_000_000_007);
      all.weight.add(push * 0.125);
      all.sessions.add(push % 3 === 0 ? -1 : 2);
      all.depth.record(push * 1.5, { queue: "in" });
    }
    // Fails if the endpoint refuses the request.
    await provider.forceFlush().catch((error) => console.error(String(error)));
  }
  await provider.shutdown().catch((error) => console.error(String(error)));
}

main();
