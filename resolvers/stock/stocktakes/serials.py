"""Counts by serial numbers: comparing scanned serial numbers with the recorded ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from models.database import fetch, marks
from models.errors import InvalidInput, Refusal, Refusals
from models.stock.documents.stocktake_rules import findings
from models.stock.documents.stocktakes import StocktakeLine, StocktakeSerial
from models.stock.serials import ON_HAND
from models.tables.bulk import delete_where, insert_all
from resolvers.context import Context
from resolvers.permissions import for_anyone
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.serials import Scanned, SerialDraft, tracked

MAXIMUM = 3_000  # serial numbers of a line, which may have arrived in many deliveries
ON_HAND_IN_SQL = ", ".join(f"'{state}'" for state in ON_HAND)
_COLUMNS = ("line_id", "serial", "finding", "created_at")


@for_anyone
async def of_lines(
    ctx: Context, line_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[StocktakeSerial]]:
    """Return the serial numbers in which counts differ, for lines that the caller may read."""
    return await rows_of_each(StocktakeSerial, "line_id", line_ids, cut)


async def forget(lines: Sequence[StocktakeLine]) -> None:
    """Delete the findings of earlier counts of these lines."""
    await delete_where("stocktake_serial", "line_id", [line.id for line in lines if line.scanned])
    for line in lines:
        line.last_serial_event_id = None


async def compare(
    ctx: Context, lines: Sequence[StocktakeLine], scanned: Scanned, at: datetime | None
) -> None:
    """Save the differences between the scanned serial numbers and those on hand, now or as of `at`.

    The levels of the lines are locked. `lines` have their counts and follow the order of the input.

    Raises: Refusals with InvalidInput unless each counted unit of a variant that tracks serial numbers has
    one, and other variants have none.
    """
    tracking = await tracked({line.variant_id for line in lines})
    _check(lines, scanned, tracking)
    await forget(lines)
    own = [line for line in lines if line.variant_id in tracking]
    if not own:
        return
    last = await _last_event(at)
    expected = await _expected(own, last)
    rows = []
    for line in own:
        draft, there = scanned.get(line.variant_id), expected[line.variant_id]
        line.expected, line.last_serial_event_id = len(there), last
        differing = findings(draft.serials if draft else (), there)
        rows += [(line.id, serial, str(each), ctx.now()) for serial, each in differing.items()]
    await insert_all("stocktake_serial", _COLUMNS, rows)


def _check(lines: Sequence[StocktakeLine], scanned: Scanned, tracking: Mapping[int, int]) -> None:
    positions = {line.variant_id: position for position, line in enumerate(lines)}
    refusals: list[Refusal] = []
    for variant_id, draft in scanned.items():
        if variant_id not in positions:
            refusals.append(
                InvalidInput("No quantity is given for these serial numbers.", path=draft.path)
            )
        elif draft.serials and variant_id not in tracking:
            refusals.append(
                InvalidInput("This variant does not track serial numbers.", path=draft.path)
            )
    for variant_id in tracking:
        position = positions[variant_id]
        draft = scanned.get(variant_id) or SerialDraft(
            variant_id, [], ("counts", position, "quantity")
        )
        if len(draft.serials) != lines[position].counted:
            refusals.append(
                InvalidInput(
                    "Give {quantity} serial numbers, one for each unit.",
                    path=draft.path,
                    quantity=lines[position].counted,
                )
            )
    if refusals:
        raise Refusals(refusals)


async def _last_event(at: datetime | None) -> int:
    until, values = ("", []) if at is None else ("WHERE created_at <= ?", [at])
    rows = await fetch(f"SELECT id FROM serial_event {until} ORDER BY id DESC LIMIT 1", *values)
    return rows[0]["id"] if rows else 0


async def _expected(lines: Sequence[StocktakeLine], last: int) -> dict[int, list[str]]:
    """Return the serial numbers on hand after the event `last`, by variant."""
    found: dict[int, list[str]] = {line.variant_id: [] for line in lines}
    location_id = lines[0].location_id
    query = _EXPECTED.format(marks([*found]))
    for row in await fetch(query, *found, location_id, last, last, *found, last, location_id):
        found[row["variant_id"]].append(row["serial"])
    return found


# Serial numbers on hand without later events, and those with later events that were on hand before them.
_EXPECTED = f"""
SELECT serial.variant_id, serial.serial FROM serial_number AS serial
WHERE serial.variant_id IN ({{0}}) AND serial.location_id = ? AND serial.state IN ({ON_HAND_IN_SQL})
AND NOT EXISTS (SELECT 1 FROM serial_event AS event
  WHERE event.serial_number_id = serial.id AND event.id > ?)
UNION ALL
SELECT serial.variant_id, serial.serial
FROM (SELECT DISTINCT serial_number_id AS id FROM serial_event WHERE id > ?) AS touched
JOIN serial_number AS serial ON serial.id = touched.id AND serial.variant_id IN ({{0}})
JOIN serial_event AS event ON event.id = (SELECT MAX(before.id) FROM serial_event AS before
  WHERE before.serial_number_id = serial.id AND before.id <= ?)
WHERE event.location_id = ? AND event.to_state IN ({ON_HAND_IN_SQL})
"""
