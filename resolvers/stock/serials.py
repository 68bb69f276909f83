"""Moving serial numbers together with the units of moves.

Callers have locked the levels, so quantities and serial numbers of a level change together. The row of a
serial number is locked or updated conditionally, so it cannot be in two locations or be sold twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.database import execute, fetch, for_update, marks
from models.deferred_writes import insert_later
from models.errors import Duplicate, InvalidInput, NotFound
from models.stock.serials import AWAY, SerialState, serial_state
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.stock.ledger.ledger import Move
from resolvers.validation import text_of

MAXIMUM = 500  # in one line of one request
Path = tuple[str | int, ...]
_COLUMNS = (
    "merchant_id", "variant_id", "location_id", "serial", "state", "document_type", "document_id",
    "created_at", "updated_at",
)  # fmt: skip
_EVENT = (
    "serial_number_id", "location_id", "from_state", "to_state", "document_type", "document_id",
    "actor_kind", "actor_id", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SerialDraft:
    """The serial numbers of a variant in the input, at `path`."""

    variant_id: int
    serials: Sequence[str]
    path: Path = field(default=("serials",), compare=False)

    def at(self, serial: str) -> Path:
        """Return the path of one serial number in the input."""
        return (*self.path, self.serials.index(serial))


Scanned = Mapping[int, SerialDraft]  # by variant


def checked(drafts: Sequence[SerialDraft], maximum: int = MAXIMUM) -> Scanned:
    """Return the checked serial numbers by variant. Raises: InvalidInput, Duplicate."""
    found: dict[int, SerialDraft] = {}
    for draft in drafts:
        if draft.variant_id in found:
            raise Duplicate("This variant is given twice.", path=draft.path)
        if len(draft.serials) > maximum:
            raise InvalidInput(
                "Give {minimum} to {maximum} of these.", path=draft.path, minimum=0, maximum=maximum
            )
        kept: dict[str, None] = {}
        for number, serial in enumerate(draft.serials):
            text = text_of(serial, (*draft.path, number), 64)
            if text in kept:
                raise given_twice((*draft.path, number), text)
            kept[text] = None
        found[draft.variant_id] = SerialDraft(draft.variant_id, [*kept], draft.path)
    return found


def given_twice(path: Path, serial: str) -> Duplicate:
    return Duplicate("The serial number {serial} is given twice.", path=path, serial=serial)


def given(scanned: Scanned) -> list[list[Any]]:
    """Return the serial numbers in the form that is stored with an idempotency key."""
    return [[each.variant_id, *each.serials] for each in scanned.values()]


async def tracked(variant_ids: Collection[int]) -> dict[int, int]:
    """Return the merchant IDs of those variants that track serial numbers. Call this after locking levels."""
    if not variant_ids:
        return {}
    rows = await fetch(
        f"SELECT id, merchant_id FROM variant WHERE id IN ({marks([*variant_ids])})"
        " AND tracks_serials",
        *variant_ids,
    )
    return {row["id"]: row["merchant_id"] for row in rows}


async def scan(ctx: Context, moves: Sequence[Move], scanned: Scanned, path: Path) -> None:
    """Move the scanned serial numbers of those moves that change the state of a serial number.

    Raises: InvalidInput, Duplicate, NotFound, naming `path` or the faulty serial number.
    """
    merchants = await tracked({each.variant_id for each in moves})
    await scan_tracked(ctx, moves, merchants, scanned, path)


async def scan_tracked(
    ctx: Context,
    moves: Sequence[Move],
    merchants: Mapping[int, int],
    scanned: Scanned,
    path: Path,
) -> None:
    """Do what `scan` does; `merchants` is the result of `tracked`."""
    ways = _ways(moves, merchants)
    for draft in scanned.values():
        if draft.serials and draft.variant_id not in ways:
            raise InvalidInput("This variant does not track serial numbers.", path=draft.path)
    for variant_id, moving in ways.items():
        draft = scanned.get(variant_id) or SerialDraft(variant_id, [], path)
        for move, serials in await _divided(moving, draft):
            await move_serials(ctx, move, merchants[variant_id], draft, serials)


async def move_serials(
    ctx: Context, move: Move, merchant_id: int, draft: SerialDraft, serials: Sequence[str]
) -> None:
    """Move the given serial numbers of a draft as `move` moves its units.

    Raises: InvalidInput unless there is one for each unit, Duplicate for one that enters stock and is there
    already, NotFound for one that is not where the units leave.
    """
    if len(serials) != move.quantity:
        raise InvalidInput(
            "Give {quantity} serial numbers, one for each unit.",
            path=draft.path,
            quantity=move.quantity,
        )
    if move.from_state is StockState.OUTSIDE:
        await _receive(ctx, move, merchant_id, draft, serials)
    else:
        await _move_known(ctx, move, draft, serials)


def _ways(moves: Sequence[Move], merchants: Mapping[int, int]) -> dict[int, list[Move]]:
    """Return the moves that change states of serial numbers, by variant. Equal changes are merged."""
    found: dict[Any, Move] = {}
    for each in moves:
        start = serial_state(each.from_state, each.reason)
        end = serial_state(each.to_state, each.reason)
        if each.variant_id in merchants and start is not end:
            before = found.get(key := (each.level_key, start, end))
            more = before.quantity if before else 0
            found[key] = replace(each, quantity=each.quantity + more)
    ways: dict[int, list[Move]] = {}
    for move in found.values():
        ways.setdefault(move.variant_id, []).append(move)
    return ways


async def _divided(moving: Sequence[Move], draft: SerialDraft) -> list[tuple[Move, Sequence[str]]]:
    """Return the serial numbers of each move, chosen by their current state."""
    if len(moving) == 1 or not draft.serials:
        return [(move, draft.serials) for move in moving]
    rows = await fetch(
        "SELECT serial, state FROM serial_number WHERE variant_id = ? AND location_id = ?"
        f" AND serial IN ({marks(draft.serials)})",
        *moving[0].level_key,
        *draft.serials,
    )
    states = {row["serial"]: row["state"] for row in rows}
    starts = {serial_state(each.from_state, each.reason): each for each in moving}
    for serial in draft.serials:
        if states.get(serial) not in starts:
            raise _not_here(draft, serial, min(starts))
    return [
        (move, [serial for serial in draft.serials if states[serial] == start])
        for start, move in starts.items()
    ]


async def _receive(
    ctx: Context, move: Move, merchant_id: int, draft: SerialDraft, serials: Sequence[str]
) -> None:
    known = await fetch(
        "SELECT id, serial, state FROM serial_number WHERE variant_id = ?"
        f" AND serial IN ({marks(serials)}) ORDER BY id{for_update()}",
        move.variant_id,
        *serials,
    )
    for row in known:
        if row["state"] not in AWAY:
            raise _in_stock_already(draft, row["serial"])
    new = sorted(set(serials) - {row["serial"] for row in known})
    added = await _add(ctx, move, merchant_id, new) if new else {}
    if missing := set(new) - added.keys():
        raise _in_stock_already(draft, min(missing))  # a concurrent transaction added it
    await _return_known(ctx, move, [row["id"] for row in known])
    befores = [(each, None) for each in added.values()]
    await _record(ctx, move, [*befores, *((row["id"], row["state"]) for row in known)])


async def _add(
    ctx: Context, move: Move, merchant_id: int, serials: Sequence[str]
) -> dict[str, int]:
    """Insert serial numbers. Return the row IDs of those that no concurrent transaction inserted."""
    start = merchant_id, move.variant_id, move.location_id
    end = *_arrived(move), ctx.now(), ctx.now()
    rows = await fetch(
        f"INSERT INTO serial_number ({', '.join(_COLUMNS)}) VALUES "
        + ", ".join([f"({marks(_COLUMNS)})"] * len(serials))
        + " ON CONFLICT (variant_id, serial) DO NOTHING RETURNING id, serial",
        *(value for serial in serials for value in (*start, serial, *end)),
    )
    return {row["serial"]: row["id"] for row in rows}


_MOVED = (
    "UPDATE serial_number SET location_id = ?, state = ?, document_type = ?, document_id = ?,"
    " updated_at = ?"
)


async def _return_known(ctx: Context, move: Move, ids: Sequence[int]) -> None:
    if ids:
        values = move.location_id, *_arrived(move), ctx.now()
        await execute(f"{_MOVED} WHERE id IN ({marks(ids)})", *values, *ids)


async def _move_known(ctx: Context, move: Move, draft: SerialDraft, serials: Sequence[str]) -> None:
    start = serial_state(move.from_state, move.reason)
    where, there = "location_id = ?", [move.location_id]
    if start is SerialState.IN_TRANSIT:
        where, there = "document_type = ? AND document_id = ?", [*(move.document or ())]
    rows = await fetch(
        f"{_MOVED} WHERE variant_id = ? AND serial IN ({marks(serials)}) AND state = ? AND {where}"
        " RETURNING id, serial",
        *(move.location_id, *_arrived(move), ctx.now(), move.variant_id),
        *serials,
        *(str(start), *there),
    )
    moved = {row["serial"] for row in rows}
    for serial in serials:
        if serial not in moved:
            raise _not_here(draft, serial, start)
    await _record(ctx, move, [(row["id"], start) for row in rows])


def _arrived(move: Move) -> tuple[str, str | None, int | None]:
    """Return the state and document of a serial number after a move."""
    kind, row_id = move.document or (None, None)
    return str(serial_state(move.to_state, move.reason)), kind, row_id


async def _record(ctx: Context, move: Move, befores: Sequence[tuple[int, str | None]]) -> None:
    end, actor = _arrived(move), (str(ctx.actor.kind), ctx.actor.id)
    rows = [
        (row_id, move.location_id, before and str(before), *end, *actor, ctx.now())
        for row_id, before in befores
    ]
    await insert_later("serial_event", _EVENT, rows)


def _not_here(draft: SerialDraft, serial: str, state: SerialState) -> NotFound:
    message = "The serial number {serial} is not {state} here."
    return NotFound(message, path=draft.at(serial), serial=serial, state=state)


def _in_stock_already(draft: SerialDraft, serial: str) -> Duplicate:
    message = "The serial number {serial} is in stock already."
    return Duplicate(message, path=draft.at(serial), serial=serial)
