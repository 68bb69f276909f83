"""Circuit breakers: a host that does not answer is not called for a while, by anybody in this process."""

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
    """The host was not called, because it has not answered for some time."""


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    closed_at: float = 0.0
    """When the host may be called again."""


class Circuits:
    """One circuit a host, of the `HOSTS` called last.

    After `OPEN_AFTER` calls in a row without an answer the circuit is open for `OPEN_SECONDS`; then one call
    goes through, and its result closes the circuit or opens it again. Any HTTP status is an answer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._circuits: OrderedDict[str, _Circuit] = OrderedDict()

    def check(self, host: str) -> None:
        """Raises: CircuitOpen."""
        circuit = self._circuits.get(host)
        if circuit is None or circuit.failures < OPEN_AFTER:
            return
        now = self._clock()
        if now < circuit.closed_at:
            raise CircuitOpen(f"{host} has not answered {circuit.failures} times in a row")
        # This call is the trial; others wait for its result.
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
