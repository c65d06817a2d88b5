"""The numbers as text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from frontdesk.watching.counts import (
    BUCKETS,
    BYTES_IN,
    BYTES_OUT,
    COUNT,
    FIRST_BUCKET,
    REQUEST,
    SECONDS,
    SIZE,
)

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from frontdesk.watching.ledger import Key, Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What is counted one by one: its key, then its name for Prometheus, what it is, and its labels.
COUNTERS: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "upload": ("uploads", "Uploads by way, and how they went.", ("way", "result")),
    "upload bytes": ("upload_bytes", "Bytes of finished uploads.", ("way",)),
    "login": ("logins", "Log-ins, and how they ended.", ("result",)),
    "too many": ("tries_refused", "Tries that were one too many.", ("kind",)),
    "deed": ("deeds", "Entries of the log, by their word.", ("what",)),
    "error": ("errors", "What nobody expected.", ("endpoint", "error")),
    "database error": ("database_errors", "Refusals of the database.", ("error",)),
    "slow query": ("slow_queries", "Statements that took SLOW_QUERY or longer.", ("endpoint",)),
    "slow request": ("slow_requests", "Answers that took SLOW_REQUEST or longer.", ("endpoint",)),
    "job": ("job_runs", "Jobs that were run, and how they ended.", ("kind", "result")),
    "job seconds": ("job_seconds", "Seconds that jobs took.", ("kind",)),
}


@dataclass(slots=True)
class Gauge:
    """Something that is so at this moment: a value for each of the ``labels``' values."""

    name: str
    says: str
    labels: Sequence[str] = ()
    values: dict[tuple[str, ...], float] = field(default_factory=dict)


def text(totals: Totals, gauges: Iterable[Gauge]) -> bytes:
    """All of it, sorted, so that two looks can be compared."""
    from prometheus_client import CollectorRegistry, generate_latest  # half a second to load
    from prometheus_client.registry import Collector

    class All(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _requests(
                {key: one for key, one in totals.items() if key[0] == REQUEST and len(one) == SIZE}
            )
            yield from _counters(totals)
            yield from _gauges(gauges)

    registry = CollectorRegistry()
    registry.register(All())
    return generate_latest(registry)


def _requests(found: Totals) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    by = ("endpoint", "method", "status")
    counted = CounterMetricFamily("frontdesk_requests", "Answers by endpoint.", labels=by)
    for key, values in sorted(found.items()):
        counted.add_metric(key[1:], values[COUNT])
    yield counted
    each = _by_endpoint(found)
    for name, says, at in (
        ("request_bytes", "Bytes of requests that were taken.", BYTES_IN),
        ("response_bytes", "Bytes of answers, as their length says.", BYTES_OUT),
    ):
        family = CounterMetricFamily(f"frontdesk_{name}", says, labels=["endpoint"])
        for endpoint, values in each.items():
            family.add_metric([endpoint], values[at])
        yield family
    says = "Seconds to an answer, without sending it."
    lasted = HistogramMetricFamily("frontdesk_request_seconds", says, labels=["endpoint"])
    for endpoint, values in each.items():
        counts = zip((*map(str, BUCKETS), "+Inf"), accumulate(values[FIRST_BUCKET:]), strict=True)
        lasted.add_metric([endpoint], list(counts), values[SECONDS])
    yield lasted


def _by_endpoint(found: Totals) -> dict[str, list[float]]:
    sums: dict[str, list[float]] = {}
    for key, values in sorted(found.items()):
        there = sums.setdefault(key[1], [0.0] * len(values))
        sums[key[1]] = [a + b for a, b in zip(there, values, strict=True)]
    return sums


def _counters(totals: Totals) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    for kind, (name, says, labels) in COUNTERS.items():
        family = CounterMetricFamily(f"frontdesk_{name}", says, labels=labels)
        for key, values in sorted(_of(kind, len(labels), totals)):
            family.add_metric(key, values[0])
        yield family


def _of(kind: str, labels: int, totals: Totals) -> Iterator[tuple[Key, list[float]]]:
    """Those of one kind; another version may have written some with other labels."""
    for key, values in totals.items():
        if key[0] == kind and len(key) == labels + 1:
            yield key[1:], values


def _gauges(gauges: Iterable[Gauge]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    for gauge in gauges:
        family = GaugeMetricFamily(f"frontdesk_{gauge.name}", gauge.says, labels=gauge.labels)
        for labels, value in sorted(gauge.values.items()):
            family.add_metric(labels, value)
        yield family
