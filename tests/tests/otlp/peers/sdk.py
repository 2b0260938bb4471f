"""The program of `sdks.rs`, with OpenTelemetry's SDK for Python.

Arguments: the format (`protobuf`), the instruments (`all`, or `calls` alone), and what `sdks.rs` records as
well, as JSON. Endpoint and temporality are in the environment.
"""

import json
import logging
import sys

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

logging.basicConfig(level=logging.WARNING)
_, instruments, shared = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
kinds, pushes, calls_in_push = shared["kinds"], shared["pushes"], shared["calls_in_push"]
provider = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter(), 3_600_000)])
meter = provider.get_meter("peer")
push = 0


def observed(function):
    return [lambda _: [function()]]


calls = meter.create_counter("peer.calls", unit="{call}", description="Calls, of all kinds")
if instruments == "all":
    size = meter.create_histogram("peer.size", unit="By")
    sent = meter.create_counter("peer.bytes")
    weight = meter.create_counter("peer.weight")
    sessions = meter.create_up_down_counter("peer.sessions")
    depth = meter.create_gauge("peer.depth")
    meter.create_observable_counter(
        "peer.cpu", observed(lambda: Observation(push * 10, {"core": 0}))
    )
    meter.create_observable_up_down_counter("peer.idle", observed(lambda: Observation(100 - push)))
    meter.create_observable_gauge("peer.heat", observed(lambda: Observation(20 + push / 4)))

while push < pushes:
    push += 1
    for n in range(calls_in_push):
        calls.add(1, {"kind": kinds[n % len(kinds)], "even": n % 2 == 0})
        if instruments == "all":
            size.record(n * 0.25, {"kind": kinds[n % len(kinds)]})
    if instruments == "all":
        sent.add(push * 1_000_000_007)
        weight.add(push * 0.125)
        sessions.add(-1 if push % 3 == 0 else 2)
        depth.set(push * 1.5, {"queue": "in"})
    provider.force_flush()
provider.shutdown()
