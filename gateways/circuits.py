"""Circuit breakers: this process stops calling a host that does not respond for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from gateways import GatewayError

OPEN_AFTER = 10
OPEN_SECONDS = 10.0
HOSTS = 1_000


class CircuitOpen(GatewayError):
    """The host was not called because it has not responded for some time."""


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_at: float = 0.0
    """The time from which the host may be called again."""


class Circuits:
    """One circuit for each of the `HOSTS` hosts called last.

    After `OPEN_AFTER` consecutive calls without a response the circuit is open for `OPEN_SECONDS`. Then one
    call is allowed, and its result closes the circuit or opens it again. Any HTTP status is a response.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._circuits: OrderedDict[str, _Circuit] = OrderedDict()

    def check(self, host: str) -> None:
        """Raise CircuitOpen if the host may not be called now."""
        circuit = self._circuits.get(host)
        if circuit is None or circuit.failures < OPEN_AFTER:
            return
        now = self._clock()
        if now < circuit.closed_at:
            raise CircuitOpen(f"{host} has not answered {circuit.failures} times in a row")
        # This call is the trial; further calls are refused until its result is known.
        circuit.closed_at = now + OPEN_SECONDS

    def answered(self, host: str) -> None:
        self._circuits.pop(host, None)

    def failed(self, host: str) -> None:
        circuit = self._circuits.setdefault(host, _Circuit())
        self._circuits.move_to_end(host)
        circuit.failures += 1
        circuit.closed_at = self._clock() + OPEN_SECONDS
        if len(self._circuits) > HOSTS:
            self._circuits.popitem(last=False)
