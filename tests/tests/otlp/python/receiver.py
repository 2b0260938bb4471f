"""Receives metrics over OTLP and HTTP, decoded by the OpenTelemetry project's own package.

Prints its address, takes requests until its standard input ends, then prints what arrived as JSON.
Each argument is what it does with one request, from the first on: a status, or `cut`, which reads
the request and closes the connection. What comes after those is accepted.
"""

import gzip
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

PROTOBUF = "application/x-protobuf"


def text(value):
    """A value of an attribute as it stands in a dimension."""
    kind = value.WhichOneof("value")
    plain = getattr(value, kind)
    return str(plain).lower() if kind == "bool_value" else str(plain)


def pairs(attributes):
    return {attribute.key: text(attribute.value) for attribute in attributes}


class Books:
    """What was accepted, added up."""

    def __init__(self):
        self.lock = threading.Lock()
        self.requests = []
        self.resource = {}
        self.metrics = {}
        self.faults = sys.argv[1:]

    def fault(self):
        with self.lock:
            return self.faults.pop(0) if self.faults else None

    def heard(self, handler, outcome):
        with self.lock:
            self.requests.append(
                {
                    "path": handler.path,
                    "content_type": handler.headers.get("content-type"),
                    "authorization": handler.headers.get("authorization"),
                    "encoding": handler.headers.get("content-encoding"),
                    "outcome": outcome,
                }
            )

    def add(self, request):
        with self.lock:
            for resource in request.resource_metrics:
                self.resource.update(pairs(resource.resource.attributes))
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self.add_metric(metric)

    def add_metric(self, metric):
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        temporality = getattr(data, "aggregation_temporality", None)
        said = {
            "kind": kind,
            "unit": metric.unit,
            "description": metric.description,
            "is_monotonic": getattr(data, "is_monotonic", None),
            "temporality": temporality and AggregationTemporality.Name(temporality),
        }
        known = self.metrics.setdefault(metric.name, {"said": [], "series": {}})
        if said not in known["said"]:
            known["said"].append(said)
        is_delta = temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
        for point in data.data_points:
            key = ",".join(f"{k}={v}" for k, v in sorted(pairs(point.attributes).items()))
            series = known["series"].setdefault(key, {"points": 0})
            series["points"] += 1
            if not 0 < point.start_time_unix_nano <= point.time_unix_nano and kind != "gauge":
                series["bad_time"] = True
            if kind == "histogram":
                self.add_histogram(series, point)
            else:
                value = getattr(point, point.WhichOneof("value"))
                series["total"] = series.get("total", 0) + value
                if point.time_unix_nano >= series.get("time", 0):
                    series["time"] = point.time_unix_nano
                    series["last"] = value
            series["value"] = series.get("total" if is_delta else "last")

    @staticmethod
    def add_histogram(series, point):
        series["count"] = series.get("count", 0) + point.count
        series["sum"] = series.get("sum", 0) + point.sum
        series["min"] = min(series.get("min", point.min), point.min)
        series["max"] = max(series.get("max", point.max), point.max)
        series["in_buckets"] = series.get("in_buckets", 0) + sum(point.bucket_counts)


BOOKS = Books()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        fault = BOOKS.fault()
        BOOKS.heard(self, fault or "accepted")
        if fault == "cut":
            self.close_connection = True
            return
        if fault:
            self.answer(int(fault), b"")
            return
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportMetricsServiceRequest()
        request.ParseFromString(body)
        BOOKS.add(request)
        self.answer(200, ExportMetricsServiceResponse().SerializeToString())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", PROTOBUF)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()
    with BOOKS.lock:
        said = {"requests": BOOKS.requests, "resource": BOOKS.resource, "metrics": BOOKS.metrics}
        print(json.dumps(said, indent=1))


main()
