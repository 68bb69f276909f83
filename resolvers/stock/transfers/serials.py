"""Serial numbers of a transfer that arrive, return or are lost: named by the client, or all that remain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.database import fetch, for_update, marks
from models.errors import InvalidInput, NotFound
from models.stock.documents.transfers import Transfer
from models.stock.serials import SerialState
from resolvers.context import Context
from resolvers.stock.documents.kinds import key_of
from resolvers.stock.documents.lines import Lines
from resolvers.stock.ledger.ledger import Move
from resolvers.stock.serials import Path, SerialDraft, checked, given_twice, move_serials, tracked

_FATES = {"accepted": "acceptedSerials", "rejected": "rejectedSerials", "lost": "lostSerials"}


class Receipt(Protocol):
    @property
    def variant_id(self) -> int: ...
    @property
    def serials(self) -> Mapping[str, Sequence[str]]: ...


@dataclass(frozen=True, slots=True)
class Named:
    """The serial numbers in the input, by variant and fate; `path` is the path of missing ones.

    `lines` are the lines of the input if serial numbers belong to lines.
    """

    drafts: Mapping[tuple[int, str], SerialDraft]
    path: Path
    lines: Lines | None = None

    def missing(self, variant_id: int, fate: str) -> Path:
        """Return the path at which serial numbers of a variant and fate are missing."""
        return self.lines.path(variant_id, _FATES[fate]) if self.lines else self.path

    def refuse(self, tracking: Mapping[int, int] | None = None) -> None:
        """Raise InvalidInput for serial numbers of variants that are not in `tracking` (None: of all)."""
        for (variant_id, _), draft in self.drafts.items():
            if draft.serials and variant_id not in (tracking or {}):
                raise InvalidInput("This variant does not track serial numbers.", path=draft.path)


def named_in(receipts: Sequence[Receipt], lines: Lines) -> Named:
    """Return the serial numbers in the lines of a receipt. Raises: InvalidInput, Duplicate."""
    drafts: dict[tuple[int, str], SerialDraft] = {}
    for fate, field in _FATES.items():
        of_fate = [
            SerialDraft(each.variant_id, each.serials[fate], ("lines", number, field))
            for number, each in enumerate(receipts)
            if each.serials.get(fate)
        ]
        drafts |= {(row_id, fate): draft for row_id, draft in checked(of_fate).items()}
    seen: set[tuple[int, str]] = set()
    for draft in drafts.values():
        for serial in draft.serials:
            if (draft.variant_id, serial) in seen:
                raise given_twice(draft.at(serial), serial)
            seen.add((draft.variant_id, serial))
    return Named(drafts, ("lines",), lines)


async def settle_serials(
    ctx: Context, transfer: Transfer, ends: Sequence[tuple[str, Move]], named: Named
) -> None:
    """Move the serial numbers of units that leave transit; `ends` are pairs of a fate and its move.

    The serial numbers of a fate may be omitted if they are all that remain of the variant in transit.

    Raises: InvalidInput, NotFound naming the faulty input.
    """
    merchants = await tracked({move.variant_id for _, move in ends})
    named.refuse(merchants)
    road = await _in_transit(transfer, merchants)
    for variant_id, merchant_id in merchants.items():
        own = [(fate, move) for fate, move in ends if move.variant_id == variant_id]
        for move, draft in _drafts(variant_id, own, road[variant_id], named):
            await move_serials(ctx, move, merchant_id, draft, draft.serials)


def _drafts(
    variant_id: int, ends: Sequence[tuple[str, Move]], road: Sequence[str], named: Named
) -> list[tuple[Move, SerialDraft]]:
    rest, found = dict.fromkeys(road), []
    for (owner, fate), draft in named.drafts.items():
        if owner != variant_id:
            continue
        for serial in draft.serials:
            if serial not in rest:
                message = "The serial number {serial} is not in transit with this transfer."
                raise NotFound(message, path=draft.at(serial), serial=serial)
            del rest[serial]
        moves = [move for each, move in ends if each == fate]
        if not moves:
            raise InvalidInput("No quantity is given for these serial numbers.", path=draft.path)
        found.append((moves[0], draft))
    for fate, move in ends:
        if (variant_id, fate) not in named.drafts:
            path = named.missing(variant_id, fate)
            only = [*rest] if len(rest) == move.quantity else []
            found.append((move, SerialDraft(variant_id, only, path)))
    return found


async def _in_transit(transfer: Transfer, variants: Mapping[int, int]) -> dict[int, list[str]]:
    """Lock the serial numbers of the transfer that are in transit, and return them by variant."""
    found: dict[int, list[str]] = {variant_id: [] for variant_id in variants}
    if not found:
        return found
    rows = await fetch(
        f"SELECT variant_id, serial FROM serial_number WHERE variant_id IN ({marks([*found])})"
        " AND location_id = ? AND state = ? AND document_type = ? AND document_id = ?"
        f" ORDER BY id{for_update()}",
        *found,
        *(transfer.source_id, str(SerialState.IN_TRANSIT), *key_of(transfer)),
    )
    for row in rows:
        found[row["variant_id"]].append(row["serial"])
    return found
