"""A target with native histograms, for a real Prometheus to scrape.

Prometheus takes native histograms only in the protobuf exposition format, so the few messages
of `io.prometheus.client.MetricFamily` needed are written here. Every sample carries its own
time: one scrape fills the server with a whole rollout.
"""

from __future__ import annotations

import math
import random
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.prometheus import SCRAPE_S, Version

SCHEMA = 3  # eight buckets to each doubling
_COUNTER, _HISTOGRAM = 0, 4
_CONTENT_TYPE = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)


def exposition(apps: Mapping[str, Mapping[str, Version]], start: int, end: int, seed: int) -> bytes:
    """Requests and native latency histograms of every app's versions, `start` to `end`."""
    rng = random.Random(seed)
    counters, histograms = b"", b""
    for app, versions in apps.items():
        for name, version in versions.items():
            labels = {"app": app, "version": name, "pod": f"{app}-{name}-0"}
            buckets: Counter[int] = Counter()
            failed = 0
            for at in range(start + version.born_s, end + 1, SCRAPE_S):
                mean = version.rps * SCRAPE_S
                for _ in range(max(0, round(rng.gauss(mean, mean**0.5)))):
                    seconds = version.median_s * rng.lognormvariate(0, 0.4)
                    buckets[math.ceil(math.log2(seconds) * 2**SCHEMA)] += 1
                    failed += rng.random() < version.error_ratio
                ok = buckets.total() - failed
                counters += _sample({**labels, "status": "200"}, at, _counter(ok))
                counters += _sample({**labels, "status": "503"}, at, _counter(failed))
                histograms += _sample(labels, at, _histogram(buckets))
    families = (
        _family("http_requests_total", _COUNTER, counters),
        _family("http_request_duration_seconds", _HISTOGRAM, histograms),
    )
    return b"".join(_varint(len(family)) + family for family in families)


@contextmanager
def scrape_target(body: bytes) -> Iterator[str]:
    """Serve `body` on loopback; yields host:port."""

    class Target(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", _CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _family(name: str, kind: int, metrics: bytes) -> bytes:
    return _bytes(1, name.encode()) + _number(3, kind) + metrics


def _sample(labels: Mapping[str, str], at: int, value: bytes) -> bytes:
    pairs = b"".join(
        _bytes(1, _bytes(1, name.encode()) + _bytes(2, text.encode()))
        for name, text in labels.items()
    )
    return _bytes(4, pairs + value + _number(6, at * 1000))


def _counter(value: float) -> bytes:
    return _bytes(3, _double(1, value))


def _histogram(buckets: Mapping[int, int]) -> bytes:
    """Sparse buckets: spans of indices, counts as differences from the bucket before."""
    spans, deltas, before, last = b"", b"", 0, 0
    filled = range(min(buckets), max(buckets) + 1) if buckets else range(0)
    if filled:
        spans = _bytes(12, _number(1, _zigzag(filled[0])) + _number(2, len(filled)))
    for index in filled:
        count = buckets.get(index, 0)
        deltas += _varint(_zigzag(count - before))
        before, last = count, last + count
    head = _number(1, last) + _double(2, 0.1 * last) + _number(5, _zigzag(SCHEMA))
    zero = _double(6, 1e-9) + _number(7, 0)
    return _bytes(7, head + zero + spans + _bytes(13, deltas))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
