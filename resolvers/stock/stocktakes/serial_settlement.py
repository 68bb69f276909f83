"""What approving a stocktake does about serial numbers: the missing go out, the surplus come in.

What has come to the place or left it since the count was seen there by somebody: the books are right about
it, and it is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models.database import execute, fetch, marks
from models.errors import Duplicate, Refusals
from models.stock.documents.stocktake_rules import SerialFinding
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stock.serials import AWAY, SerialState
from models.stock.states import MovementReason, StockState
from models.tables.bulk import chunks
from resolvers.context import Context
from resolvers.stock.documents.kinds import key_of
from resolvers.stock.ledger.ledger import Move
from resolvers.stock.serials import Path, SerialDraft, go
from resolvers.stock.stocktakes.serials import MAXIMUM, ON_HAND_IN_SQL


@dataclass(frozen=True, slots=True)
class Way:
    """A move of pieces, and the serial numbers that make it too."""

    move: Move
    serials: Sequence[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """The ways out and in, and the row IDs of what is left alone."""

    ways: Sequence[Way]
    left: Sequence[int]


class _Unnamed(SerialDraft):
    """Serial numbers that stand in the document, not in the input."""

    def at(self, serial: str) -> Path:
        return self.path


async def settled(stocktake: Stocktake, lines: Sequence[StocktakeLine]) -> Settled:
    """What is to happen to the serial numbers of lines that were counted by them; their levels are locked.

    Raises: Refusals with Duplicate for each that was counted here and is in stock or on the road elsewhere.
    """
    variants = {line.id: line.variant_id for line in lines}
    rows = await fetch(_FOUND.format(marks([*variants])), *variants) if variants else []
    ways: dict[tuple[int, StockState, StockState], list[str]] = {}
    refusals, left = [], []
    for row in rows:
        state = SerialState(row["state"]) if row["state"] else None
        if row["moved"]:
            left.append(row["id"])
        elif row["finding"] == SerialFinding.MISSING:
            way = variants[row["line_id"]], _stands(row["state"]), StockState.OUTSIDE
            ways.setdefault(way, []).append(row["serial"])
        elif state in (None, *AWAY):
            way = variants[row["line_id"]], StockState.OUTSIDE, StockState.AVAILABLE
            ways.setdefault(way, []).append(row["serial"])
        else:
            refusals.append(_elsewhere(row["serial"], state))
    if refusals:
        raise Refusals(refusals)
    return Settled([_way(stocktake, *way, serials) for way, serials in ways.items()], left)


async def settle(
    ctx: Context, lines: Sequence[StocktakeLine], settled: Settled, merchants: Mapping[int, int]
) -> None:
    """Let the serial numbers go with the pieces that have been moved, and note which went."""
    for way in settled.ways:
        variant_id = way.move.variant_id
        for part in chunks(way.serials, MAXIMUM):
            draft = _Unnamed(variant_id, part, ("stocktakeId",))
            move = replace(way.move, quantity=len(part))
            await go(ctx, move, merchants[variant_id], draft, part)
    for ids, column, moved in (
        ([line.id for line in lines], "line_id", True),
        (settled.left, "id", False),
    ):
        for part in chunks(ids):
            await execute(
                f"UPDATE stocktake_serial SET moved = ? WHERE {column} IN ({marks(part)})",
                moved,
                *part,
            )


def _stands(state: str) -> StockState:
    return StockState.AVAILABLE if state == SerialState.IN_STOCK else StockState(state)


def _way(
    stocktake: Stocktake, variant_id: int, start: StockState, end: StockState, serials: list[str]
) -> Way:
    move = Move(
        variant_id=variant_id,
        location_id=stocktake.location_id,
        from_state=start,
        to_state=end,
        quantity=len(serials),
        reason=MovementReason.STOCKTAKE,
        document=key_of(stocktake),
    )
    return Way(move, serials)


def _elsewhere(serial: str, state: SerialState | None) -> Duplicate:
    return Duplicate(
        "The serial number {serial} was counted here, but is {state} in the books.",
        path=("stocktakeId",),
        serial=serial,
        state=state,
    )


_FOUND = f"""
SELECT found.id, found.line_id, found.serial, found.finding, serial.state,
  EXISTS (SELECT 1 FROM serial_event AS event WHERE event.serial_number_id = serial.id
    AND event.location_id = line.location_id AND event.id > line.last_serial_event_id
    AND (event.from_state IN ({ON_HAND_IN_SQL}) OR event.to_state IN ({ON_HAND_IN_SQL}))) AS moved
FROM stocktake_serial AS found JOIN stocktake_line AS line ON line.id = found.line_id
LEFT JOIN serial_number AS serial ON serial.variant_id = line.variant_id
  AND serial.serial = found.serial
WHERE found.line_id IN ({{}}) ORDER BY found.line_id, found.id
"""
