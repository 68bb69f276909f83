"""Serial numbers at the approval of a stocktake: missing ones leave stock, surplus ones enter it.

A serial number that arrived at the location or left it after the count is not moved, because the records of
that movement are newer than the count.
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
from resolvers.stock.serials import Path, SerialDraft, move_serials
from resolvers.stock.stocktakes.serials import MAXIMUM, ON_HAND_IN_SQL


@dataclass(frozen=True, slots=True)
class Way:
    """A move of units, and their serial numbers."""

    move: Move
    serials: Sequence[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """The moves, and the row IDs of the findings that are not moved."""

    ways: Sequence[Way]
    unmoved: Sequence[int]


class _Unnamed(SerialDraft):
    """Serial numbers of the document, which have no path in the input."""

    def at(self, serial: str) -> Path:
        return self.path


async def settled(stocktake: Stocktake, lines: Sequence[StocktakeLine]) -> Settled:
    """Return the moves of serial numbers for lines with scanned counts, whose levels are locked.

    Raises: Refusals with Duplicate for each serial number that was counted here and is in stock or in transit
    elsewhere.
    """
    variants = {line.id: line.variant_id for line in lines}
    rows = await fetch(_FOUND.format(marks([*variants])), *variants) if variants else []
    ways: dict[tuple[int, StockState, StockState], list[str]] = {}
    refusals, unmoved = [], []
    for row in rows:
        state = SerialState(row["state"]) if row["state"] else None
        if row["moved"]:
            unmoved.append(row["id"])
        elif row["finding"] == SerialFinding.MISSING:
            way = variants[row["line_id"]], _stock_state(row["state"]), StockState.OUTSIDE
            ways.setdefault(way, []).append(row["serial"])
        elif state in (None, *AWAY):
            way = variants[row["line_id"]], StockState.OUTSIDE, StockState.AVAILABLE
            ways.setdefault(way, []).append(row["serial"])
        else:
            refusals.append(_elsewhere(row["serial"], state))
    if refusals:
        raise Refusals(refusals)
    return Settled([_way(stocktake, *way, serials) for way, serials in ways.items()], unmoved)


async def settle(
    ctx: Context, lines: Sequence[StocktakeLine], settled: Settled, merchants: Mapping[int, int]
) -> None:
    """Move the serial numbers of units that have been moved, and record which findings were moved."""
    for way in settled.ways:
        variant_id = way.move.variant_id
        for chunk in chunks(way.serials, MAXIMUM):
            draft = _Unnamed(variant_id, chunk, ("stocktakeId",))
            move = replace(way.move, quantity=len(chunk))
            await move_serials(ctx, move, merchants[variant_id], draft, chunk)
    for ids, column, moved in (
        ([line.id for line in lines], "line_id", True),
        (settled.unmoved, "id", False),
    ):
        for chunk in chunks(ids):
            await execute(
                f"UPDATE stocktake_serial SET moved = ? WHERE {column} IN ({marks(chunk)})",
                moved,
                *chunk,
            )


def _stock_state(state: str) -> StockState:
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
        "The serial number {serial} was counted here, but is recorded as {state}.",
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
