"""The getting-started program of the official exporter, and one of each instrument.

Arguments: the address of the endpoint, a token, and what `mod.rs` records as well, as JSON. Everything
leaves in one collection, at the end.
"""

import json
import logging
import sys

from dynatrace.opentelemetry.metrics.export import configure_dynatrace_metrics_export
from opentelemetry import metrics
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider

logging.basicConfig(level=logging.WARNING)
endpoint_url, api_token, shared = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

# Up to the first count as in the exporter's README, but for the options.
provider = MeterProvider(
    metric_readers=[
        configure_dynatrace_metrics_export(
            export_interval_millis=3_600_000,
            endpoint_url=endpoint_url,
            api_token=api_token,
            prefix="shop",
            default_dimensions={"env": "test", "tier": "none"},
        )
    ]
)
metrics.set_meter_provider(provider)
meter = metrics.get_meter(__name__)
counter = meter.create_counter(
    name="my_counter",
    description="Description of MyCounter",
    unit="1",
)
counter.add(25, {"dimension-1": "value-1"})

orders = meter.create_counter("orders")
size = meter.create_histogram("order.size")
for tier, lines in [("gold", 3), ("silver", 4), ("gold", 5)]:
    orders.add(lines, {"tier": tier})
    size.record(lines * 1.5, {"tier": tier})
sessions = meter.create_up_down_counter("sessions")
sessions.add(5)
sessions.add(-2)
meter.create_gauge("queue.depth").set(7, {"queue": "in"})
meter.create_observable_counter("jobs", [lambda _: [Observation(70, {"state": "done"})]])
meter.create_observable_gauge("temperature", [lambda _: [Observation(21.5)]])

for name in shared["names"]:
    meter.create_counter(name).add(1)
texts = meter.create_counter("texts")
for key, value in shared["texts"]:
    texts.add(1, {key: value})
numbers = meter.create_gauge("numbers")
for n, number in enumerate(shared["numbers"]):
    numbers.set(number, {"n": str(n)})
meter.create_counter("typed").add(1, {"name": "a", "size": 3, "is_new": True})

provider.shutdown()
