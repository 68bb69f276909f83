"""Serial numbers: scanned in with the pieces that come, and out with those that leave.

Callers have locked the levels, so pieces and serial numbers of a level change together. What a serial number
does besides is guarded by its own row: two places cannot have it, two buyers cannot take it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.database import execute, fetch, for_update, marks
from models.errors import Duplicate, InvalidInput, NotFound
from models.later import insert_later
from models.stock.serials import SerialState
from models.stock.states import MovementReason
from resolvers.context import Context
from resolvers.stock.ledger import Move, Place
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
    """The serial numbers of a variant's pieces; `path` leads to them in the input."""

    variant_id: int
    serials: Sequence[str]
    path: Path = field(default=("serials",), compare=False)


Scanned = Mapping[int, SerialDraft]  # by variant


def checked(drafts: Sequence[SerialDraft]) -> Scanned:
    """What was scanned, by variant. Raises: InvalidInput, Duplicate."""
    found: dict[int, SerialDraft] = {}
    for draft in drafts:
        if draft.variant_id in found:
            raise Duplicate("This variant is given twice.", path=draft.path)
        if len(draft.serials) > MAXIMUM:
            raise InvalidInput(
                "Give {minimum} to {maximum} of these.", path=draft.path, minimum=0, maximum=MAXIMUM
            )
        kept: dict[str, None] = {}
        for number, serial in enumerate(draft.serials):
            text = text_of(serial, (*draft.path, number), 64)
            if text in kept:
                raise Duplicate(
                    "The serial number {serial} is given twice.",
                    path=(*draft.path, number),
                    serial=text,
                )
            kept[text] = None
        found[draft.variant_id] = SerialDraft(draft.variant_id, [*kept], draft.path)
    return found


def given(scanned: Scanned) -> list[list[Any]]:
    """What an idempotency key remembers of them."""
    return [[each.variant_id, *each.serials] for each in scanned.values()]


async def tracked(variant_ids: Collection[int]) -> dict[int, int]:
    """Which of the variants track serial numbers, with their merchants; ask once levels are locked."""
    if not variant_ids:
        return {}
    rows = await fetch(
        f"SELECT id, merchant_id FROM variant WHERE id IN ({marks([*variant_ids])})"
        " AND tracks_serials",
        *variant_ids,
    )
    return {row["id"]: row["merchant_id"] for row in rows}


def untracked(*path: str | int) -> InvalidInput:
    """What is said where pieces would move without their serial numbers."""
    return InvalidInput(
        "A variant that tracks serial numbers moves by receipts, hand-overs and adjustments only.",
        path=path,
    )


async def refuse_tracked(variant_ids: Collection[int], *path: str | int) -> None:
    """Raises: InvalidInput when one of the variants would move without its serial numbers."""
    if await tracked(variant_ids):
        raise untracked(*path)


async def scan(ctx: Context, moves: Sequence[Move], scanned: Scanned, path: Path) -> None:
    """Take the serial numbers in or out with pieces that come from outside or go there.

    Raises: InvalidInput, Duplicate, NotFound, naming `path` or the serial number at fault.
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
    """What `scan` does, where the variants that track them are known already."""
    crossing = [each for each in moves if each.beyond]
    pieces: dict[Place, int] = {}
    for each in crossing:
        pieces[each.place] = pieces.get(each.place, 0) + each.quantity
    counted = {variant_id for variant_id, _ in pieces} & merchants.keys()
    for draft in scanned.values():
        if draft.serials and draft.variant_id not in counted:
            raise InvalidInput("No serial numbers are kept of this.", path=draft.path)
    for each in {each.place: each for each in crossing if each.variant_id in counted}.values():
        draft = scanned.get(each.variant_id) or SerialDraft(each.variant_id, [], path)
        if len(draft.serials) != pieces[each.place]:
            raise InvalidInput(
                "Give {quantity} serial numbers, one for each piece.",
                path=draft.path,
                quantity=pieces[each.place],
            )
        if each.arrives:
            await _take_in(ctx, each, merchants[each.variant_id], draft)
        else:
            await _take_out(ctx, each, draft)


async def _take_in(ctx: Context, move: Move, merchant_id: int, draft: SerialDraft) -> None:
    known = await fetch(
        "SELECT id, serial, state FROM serial_number WHERE variant_id = ?"
        f" AND serial IN ({marks(draft.serials)}) ORDER BY id{for_update()}",
        move.variant_id,
        *draft.serials,
    )
    for row in known:
        if row["state"] == SerialState.IN_STOCK:
            raise _in_stock(draft, row["serial"])
    new = sorted(set(draft.serials) - {row["serial"] for row in known})
    added = await _add(ctx, move, merchant_id, new) if new else {}
    if missing := set(new) - added.keys():
        raise _in_stock(draft, min(missing))  # somebody else was first
    await _bring_back(ctx, move, [row["id"] for row in known])
    await _record(ctx, move, [(each, None) for each in added.values()], SerialState.IN_STOCK)
    await _record(ctx, move, [(row["id"], row["state"]) for row in known], SerialState.IN_STOCK)


async def _add(
    ctx: Context, move: Move, merchant_id: int, serials: Sequence[str]
) -> dict[str, int]:
    """The row IDs of those of the serial numbers that nobody has added meanwhile."""
    start = merchant_id, move.variant_id, move.location_id
    end = str(SerialState.IN_STOCK), *(move.document or (None, None)), ctx.now(), ctx.now()
    rows = await fetch(
        f"INSERT INTO serial_number ({', '.join(_COLUMNS)}) VALUES "
        + ", ".join([f"({marks(_COLUMNS)})"] * len(serials))
        + " ON CONFLICT (variant_id, serial) DO NOTHING RETURNING id, serial",
        *(value for serial in serials for value in (*start, serial, *end)),
    )
    return {row["serial"]: row["id"] for row in rows}


async def _bring_back(ctx: Context, move: Move, ids: Sequence[int]) -> None:
    if ids:
        await execute(
            "UPDATE serial_number SET state = ?, location_id = ?, document_type = ?,"
            f" document_id = ?, updated_at = ? WHERE id IN ({marks(ids)})",
            *(str(SerialState.IN_STOCK), move.location_id, *(move.document or (None, None))),
            ctx.now(),
            *ids,
        )


async def _take_out(ctx: Context, move: Move, draft: SerialDraft) -> None:
    sold = move.reason is MovementReason.SALE
    state = SerialState.SOLD if sold else SerialState.GONE
    rows = await fetch(
        "UPDATE serial_number SET state = ?, document_type = ?, document_id = ?, updated_at = ?"
        " WHERE variant_id = ? AND location_id = ? AND state = 'IN_STOCK'"
        f" AND serial IN ({marks(draft.serials)}) RETURNING id, serial",
        *(str(state), *(move.document or (None, None)), ctx.now()),
        *(move.variant_id, move.location_id),
        *draft.serials,
    )
    there = {row["serial"] for row in rows}
    for number, serial in enumerate(draft.serials):
        if serial not in there:
            raise NotFound(
                "The serial number {serial} is not in stock here.",
                path=(*draft.path, number),
                serial=serial,
            )
    before = str(SerialState.IN_STOCK)
    await _record(ctx, move, [(row["id"], before) for row in rows], state)


async def _record(
    ctx: Context, move: Move, befores: Sequence[tuple[int, str | None]], state: SerialState
) -> None:
    document, actor = move.document or (None, None), (str(ctx.actor.kind), ctx.actor.id)
    await insert_later(
        "serial_event",
        _EVENT,
        [
            (row_id, move.location_id, before, str(state), *document, *actor, ctx.now())
            for row_id, before in befores
        ],
    )


def _in_stock(draft: SerialDraft, serial: str) -> Duplicate:
    return Duplicate(
        "The serial number {serial} is in stock already.",
        path=(*draft.path, draft.serials.index(serial)),
        serial=serial,
    )
