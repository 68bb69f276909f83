"""What the sandbox provider remembers, for every process of a shop: one JSON line for each event."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson

from gateways.payments import RefundOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """`reference` is the shop's number of the charge, or of the refund; `charge` is that of the charge."""

    kind: Literal["PAID", "CLOSED", "REFUNDED"]
    reference: str
    charge: str
    amount_minor: int
    at: datetime


class SandboxLedger:
    """Events in a file, oldest first; without a `path` in memory, for this process alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._read_bytes = 0  # of the file
        self._events: list[LedgerEvent] = []
        self._by_charge: dict[str, list[LedgerEvent]] = {}

    def add(self, event: LedgerEvent) -> None:
        """Append an event. Lines of several processes do not mix: each is one write."""
        if self._path is None:
            self._keep(event)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, orjson.dumps(asdict(event)) + b"\n")
        finally:
            os.close(file)

    def events(self) -> list[LedgerEvent]:
        """Return every event, oldest first."""
        self._read_on()
        return self._events

    def of_charge(self, reference: str) -> list[LedgerEvent]:
        """Return what happened to a charge, oldest first."""
        self._read_on()
        return self._by_charge.get(reference, [])

    def refund(self, order: RefundOrder) -> LedgerEvent | None:
        """Return the event of a refund, if it was made."""
        events = self.of_charge(order.charge_reference)
        return next((event for event in events if event.reference == order.reference), None)

    def _read_on(self) -> None:
        """Read what any process has written since the last time."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read_bytes)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        for line in whole.splitlines():
            kept = orjson.loads(line)
            self._keep(LedgerEvent(**kept | {"at": datetime.fromisoformat(kept["at"])}))

    def _keep(self, event: LedgerEvent) -> None:
        self._events.append(event)
        self._by_charge.setdefault(event.charge, []).append(event)
