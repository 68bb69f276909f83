"""Requests for transfers, and the decisions on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, NotFound
from models.stock.documents.transfer_rules import TransferAction, TransferStatus
from models.stock.documents.transfers import Transfer
from models.stores.locations import Location
from models.tables.bulk import insert_all, update_all
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock.documents.documents import do_once, next_number, note_of
from resolvers.stock.documents.kinds import TRANSFERS
from resolvers.stock.documents.lines import LineDraft, Lines, check_variants, check_within, summed
from resolvers.stock.documents.reading import lines_of
from resolvers.stock.documents.steps import change_status, record_change
from resolvers.stock.transfers.transfers import locked

PREFIX = "TR"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDraft:
    source_id: int
    destination_id: int
    lines: Sequence[LineDraft]
    note: str | None = None


@requires(Permission.TRANSFER_WRITE)
async def request(ctx: Context, draft: TransferDraft, idempotency_key: str) -> Transfer:
    """Request goods from another location of the merchant, for a location of the caller's.

    Raises: InvalidInput, NotFound, IdempotencyKeyReused.
    """
    lines = summed(draft.lines)
    if draft.source_id == draft.destination_id:
        raise InvalidInput("The destination must differ from the source.", path=("destinationId",))
    draft = replace(draft, note=note_of(draft.note))
    work = partial(_request, ctx, draft, lines)
    transfer_id = await do_once(ctx, "transferRequest", idempotency_key, asdict(draft), work)
    return await Transfer.get(id=transfer_id)


@requires(Permission.TRANSFER_DECIDE)
async def approve(
    ctx: Context, transfer_id: int, lines: Sequence[LineDraft] | None, note: str | None
) -> Transfer:
    """Approve the requested quantities or, if `lines` is given, those alone.

    Raises: InvalidInput, NotFound, LimitExceeded, StateConflict; Forbidden for the requester.
    """
    wanted = None if lines is None else summed(lines)
    return await transaction(_approve, ctx, transfer_id, wanted, note_of(note))


@requires(Permission.TRANSFER_DECIDE)
async def reject(ctx: Context, transfer_id: int, note: str | None) -> Transfer:
    """Reject the request. Raises: InvalidInput, NotFound, StateConflict; Forbidden for the requester."""
    return await transaction(_reject, ctx, transfer_id, note_of(note))


async def _request(ctx: Context, draft: TransferDraft, lines: Lines) -> int:
    source, destination = await _ends(ctx, draft)
    await check_variants(destination.merchant_id, lines.positions)
    transfer = await Transfer.create(
        merchant_id=destination.merchant_id,
        number=await next_number(ctx, destination.merchant_id, PREFIX),
        status=TransferStatus.SUBMITTED,
        source=source,
        destination=destination,
        requested_by_kind=str(ctx.actor.kind),
        requested_by_id=ctx.actor.id,
        note=draft.note,
    )
    columns = (
        "transfer_id", "variant_id", "requested", "approved", "shipped", "accepted", "rejected",
        "lost", "returned", "road_minor", "lost_minor", "created_at",
    )  # fmt: skip
    nothing = (0,) * 8
    await insert_all(
        "transfer_line",
        columns,
        [(transfer.id, *line, *nothing, ctx.now()) for line in lines.quantities.items()],
    )
    await record_change(ctx, transfer, None, draft.note)
    return transfer.id


async def _ends(ctx: Context, draft: TransferDraft) -> tuple[Location, Location]:
    """Return the source, any location of the merchant, and the destination in the caller's territory."""
    own = Location.filter(id=draft.destination_id)
    destination = await scoped(own, ctx, Permission.TRANSFER_WRITE, "organisation").first()
    if destination is None:
        raise NotFound("There is no such store or warehouse.", path=("destinationId",))
    if not destination.active:
        raise InvalidInput("{code} is closed.", path=("destinationId",), code=destination.code)
    other = Location.filter(id=draft.source_id, merchant_id=destination.merchant_id)
    source = await other.first()
    if source is None:
        raise NotFound("There is no such store or warehouse.", path=("sourceId",))
    return source, destination


async def _approve(
    ctx: Context, transfer_id: int, wanted: Lines | None, note: str | None
) -> Transfer:
    transfer = await locked(ctx, transfer_id, TransferAction.APPROVE)
    lines = await lines_of(TRANSFERS, transfer.id)
    if wanted is not None:
        check_within(wanted, {line.variant_id: line.requested for line in lines})
    for line in lines:
        line.approved = (
            line.requested if wanted is None else wanted.quantities.get(line.variant_id, 0)
        )
    await update_all(lines, ("approved",))
    await _decide(ctx, transfer, TransferStatus.APPROVED, note)
    return transfer


async def _reject(ctx: Context, transfer_id: int, note: str | None) -> Transfer:
    transfer = await locked(ctx, transfer_id, TransferAction.REJECT)
    await _decide(ctx, transfer, TransferStatus.REJECTED, note)
    return transfer


async def _decide(
    ctx: Context, transfer: Transfer, status: TransferStatus, note: str | None
) -> None:
    decided_by = {"decided_by_kind": str(ctx.actor.kind), "decided_by_id": ctx.actor.id}
    await change_status(ctx, transfer, status, note, **decided_by)
