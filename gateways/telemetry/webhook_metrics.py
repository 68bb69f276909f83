"""Metrics of webhooks, read from the database, so that any process reports them for all workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Counts(Protocol):
    """The counts of one webhook; see `resolvers/integrations/webhooks/counts.py`."""

    @property
    def id(self) -> int: ...
    @property
    def active(self) -> bool: ...
    @property
    def delivered(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def dead(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def unread(self) -> int: ...


_COUNTERS = {
    "delivered": "Messages that a receiver took.",
    "failed": "Attempts that failed.",
    "dead": "Messages that were given up after the last attempt.",
}
_GAUGES = {
    "waiting": "Messages that wait to be sent, or sent again.",
    "unread": "Changes of the feed that the webhook has not been given yet, whatever their topic.",
    "active": "1 while changes are sent to it, 0 while it is paused.",
}


def webhook_metrics(webhooks: Sequence[Counts]) -> Iterator[Metric]:
    """Yield a metric for each count, labelled by the webhook's ID."""
    for name, help_text in _COUNTERS.items():
        counter = CounterMetricFamily(f"quintet_webhook_{name}", help_text, labels=["webhook"])
        yield _filled(counter, name, webhooks)
    for name, help_text in _GAUGES.items():
        gauge = GaugeMetricFamily(f"quintet_webhook_{name}", help_text, labels=["webhook"])
        yield _filled(gauge, name, webhooks)


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, name: str, webhooks: Iterable[Counts]
) -> Metric:
    for each in webhooks:
        family.add_metric([str(each.id)], float(getattr(each, name)))
    return family
