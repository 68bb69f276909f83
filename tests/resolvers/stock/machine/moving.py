"""Transfers: asked for, agreed to in part, sent in part, received in parts, lost, rejected, called back."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from models.stock.states import StockState
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers.arrivals import ReceiptDraft
from resolvers.stock.transfers.requests import TransferDraft
from tests.resolvers.stock.machine.driving import (
    Driver,
    chances,
    counts,
    pick,
    places,
    scans,
    up_to,
    up_to_each,
    wishes,
)
from tests.resolvers.stock.machine.model import AVAILABLE, Worth

ON_THE_ROAD = ("IN_TRANSIT", "PARTIALLY_RECEIVED")


@dataclass
class Transfer:
    """`road` is what each variant's pieces on the road are worth."""

    id: int
    source: int
    asked: dict[int, int]
    state: str = "SUBMITTED"
    approved: dict[int, int] = field(default_factory=dict)
    road: dict[int, Worth] = field(default_factory=dict)
    serials: list[str] = field(default_factory=list)  # on the road

    @property
    def destination(self) -> int:
        return 1 - self.source

    def on_the_road(self, variant: int) -> int:
        return self.road[variant].pieces if variant in self.road else 0


class Moving(Driver):
    def __init__(self) -> None:
        super().__init__()
        self.transfers: list[Transfer] = []

    def lines(self, wanted: dict[int, int]) -> list[LineDraft]:
        return [LineDraft(self.variants[each].id, count) for each, count in wanted.items()]

    @rule(source=places, wanted=wishes, steps=st.integers(0, 2))
    def ask_for_goods(self, source: int, wanted: dict[int, int], steps: int) -> None:
        """And agree to it at once, and send it off, or not yet."""
        draft = TransferDraft(
            source_id=self.places[source].id,
            destination_id=self.places[1 - source].id,
            lines=self.lines(wanted),
        )
        ctx = self.now()
        self.done_once(lambda key: transfer_requests.request(ctx, draft, key))
        self.transfers.append(transfer := Transfer(self.answer.id, source, wanted))
        if steps > 0:
            self._agree(transfer, None)
        if steps > 1:
            self._send(transfer, None, None)

    @precondition(lambda self: self.transfers)
    @rule(chance=chances, count=counts)
    def agree(self, chance: int, count: int) -> None:
        transfer = pick(self.transfers, chance, "SUBMITTED")
        self._agree(transfer, up_to_each(count, transfer.asked) or None)

    def _agree(self, transfer: Transfer, part: dict[int, int] | None) -> None:
        lines = None if part is None else self.lines(part)
        work = transfer_requests.approve(self.now(), transfer.id, lines, None)
        agreed = part or transfer.asked
        sensible = all(count <= transfer.asked[each] for each, count in agreed.items())
        if self.done(work, allowed=transfer.state == "SUBMITTED" and sensible):
            transfer.state, transfer.approved = "APPROVED", agreed

    @precondition(lambda self: self.transfers)
    @rule(chance=chances)
    def disagree(self, chance: int) -> None:
        transfer = pick(self.transfers, chance, "SUBMITTED")
        work = transfer_requests.reject(self.now(), transfer.id, None)
        if self.done(work, allowed=transfer.state == "SUBMITTED"):
            transfer.state = "REJECTED"

    @precondition(lambda self: self.transfers)
    @rule(chance=chances, count=st.none() | counts, drawn=scans)
    def send(self, chance: int, count: int | None, drawn: list[str] | None) -> None:
        transfer = pick(self.transfers, chance, "APPROVED")
        part = None if count is None else up_to_each(count, transfer.approved)
        self._send(transfer, part, drawn)

    def _send(
        self, transfer: Transfer, part: dict[int, int] | None, drawn: list[str] | None
    ) -> None:
        ctx, lines = self.now(), self.lines(part) if part else None
        sent = part or transfer.approved
        source = {each: self.model.at(each, transfer.source) for each in sent}
        phones, wanted = self.model.at(1, transfer.source), sent.get(1, 0)
        serials, fits = self.leaving(phones, {AVAILABLE: wanted}, drawn if wanted else None)
        allowed = (
            transfer.state == "APPROVED"
            and all(count <= transfer.approved[each] for each, count in sent.items())
            and all(self.model.effective(source[each]) >= count for each, count in sent.items())
            and fits
        )
        if not self.done_once(
            lambda key: transfer_shipping.ship(ctx, transfer.id, lines, key, self.scans(serials)),
            allowed=allowed,
        ):
            return
        transfer.state, transfer.serials = "IN_TRANSIT", serials
        phones.serials[AVAILABLE] -= set(serials)
        self.model.on_the_road |= set(serials)
        for variant, count in sent.items():
            self.model.free(source[variant], self.model.at(variant, transfer.destination))
            source[variant].stands[AVAILABLE] -= count
            transfer.road[variant] = source[variant].worth.take(count)
            self.model.incoming[variant, transfer.destination] += count

    @precondition(lambda self: self.transfers)
    @rule(chance=chances, drawn=st.tuples(counts, counts, counts), named=st.booleans())
    def receive(self, chance: int, drawn: tuple[int, int, int], named: bool) -> None:
        """Accepted, rejected, lost: those with serial numbers by name, or unnamed where that is enough."""
        ctx, transfer = self.now(), pick(self.transfers, chance, *ON_THE_ROAD)
        counted: dict[int, list[int]] = {}
        for variant in transfer.asked:
            left, each = transfer.on_the_road(variant), list[int]()
            for count in drawn:
                each.append(up_to(count, max(0, left - sum(each))))
            if any(each):
                counted[variant] = each
        if not counted:
            return
        phones = counted.get(1, [0, 0, 0])
        names = self._names(transfer, phones) if named else {}
        receipts = [
            ReceiptDraft(self.variants[variant].id, *each, serials=names if variant else {})
            for variant, each in counted.items()
        ]
        fits = named or not any(phones) or transfer.on_the_road(1) in phones
        allowed = (
            transfer.state in ON_THE_ROAD
            and fits
            and all(sum(each) <= transfer.on_the_road(v) for v, each in counted.items())
        )
        if not self.done_once(
            lambda key: transfer_arrivals.receive(ctx, transfer.id, receipts, key), allowed=allowed
        ):
            return
        for variant, (accepted, rejected, lost) in counted.items():
            self._arrive(transfer, variant, transfer.destination, AVAILABLE, accepted)
            self._arrive(transfer, variant, transfer.destination, StockState.QUARANTINED, rejected)
            self._lose(transfer, variant, lost)
        left = any(transfer.on_the_road(variant) for variant in transfer.road)
        transfer.state = "PARTIALLY_RECEIVED" if left else "RECEIVED"

    def _names(self, transfer: Transfer, counted: list[int]) -> dict[str, list[str]]:
        """So many of the serial numbers on the road for each fate, the first first."""
        rest, names = list(transfer.serials), {}
        for fate, count in zip(("accepted", "rejected", "lost"), counted, strict=True):
            names[fate], rest = rest[:count], rest[count:]
        return names

    @precondition(lambda self: self.transfers)
    @rule(chance=chances, count=counts, named=st.booleans())
    def call_back(self, chance: int, count: int, named: bool) -> None:
        """What is not lost on the way is back where it came from."""
        ctx, transfer = self.now(), pick(self.transfers, chance, *ON_THE_ROAD)
        lost = up_to_each(count, {each: transfer.on_the_road(each) for each in transfer.asked})
        gone, phones = self.lines(lost) or None, lost.get(1, 0)
        names = self.scans(transfer.serials[:phones] if named else [])
        fits = named or phones in (0, transfer.on_the_road(1))
        allowed = (
            fits
            and transfer.state in ("SUBMITTED", "APPROVED", *ON_THE_ROAD)
            and all(count <= transfer.on_the_road(variant) for variant, count in lost.items())
        )
        if not self.done_once(
            lambda key: transfer_arrivals.cancel(ctx, transfer.id, None, gone, key, names),
            allowed=allowed,
        ):
            return
        transfer.state = "CANCELLED"
        for variant in transfer.road:
            if not transfer.on_the_road(variant):
                continue
            self.model.free(self.model.at(variant, transfer.destination))
            back = transfer.on_the_road(variant) - lost.get(variant, 0)
            self._lose(transfer, variant, lost.get(variant, 0))
            self._arrive(transfer, variant, transfer.source, AVAILABLE, back)

    def _arrive(
        self, transfer: Transfer, variant: int, place: int, state: StockState, count: int
    ) -> None:
        if count:
            level = self.model.at(variant, place)
            self.model.free(level)
            level.stands[state] += count
            level.worth.add(transfer.road[variant].take(count))
            self.model.incoming[variant, transfer.destination] -= count
            level.serials[state] |= self._off_the_road(transfer, variant, count)

    def _lose(self, transfer: Transfer, variant: int, count: int) -> None:
        if count:
            self.model.free(self.model.at(variant, transfer.destination))
            transfer.road[variant].take(count)
            self.model.incoming[variant, transfer.destination] -= count
            self._off_the_road(transfer, variant, count)

    def _off_the_road(self, transfer: Transfer, variant: int, count: int) -> set[str]:
        """The serial numbers that arrive, or are lost: the first that are left."""
        if not self.model.at(variant, 0).tracked:
            return set()
        gone, transfer.serials = transfer.serials[:count], transfer.serials[count:]
        self.model.on_the_road -= set(gone)
        return set(gone)
