"""Transfers: reading, permitted actions, locking, and recording changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.errors import Forbidden, InvalidInput, NotFound
from models.stock.documents.transfer_rules import (
    TRANSFER_TRANSITIONS,
    TransferAction,
    TransferRights,
    TransferStatus,
    permitted,
    transfer_actions,
)
from models.stock.documents.transfers import Transfer, TransferLine
from models.stock.state_machines import next_status
from models.stores.locations import Location
from models.text.codes import number_of
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, may, requires, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.documents.documents import announce_document, paths_of, record
from resolvers.stock.documents.lists import DocumentFilter, page_of, tally_of
from resolvers.tallies import QueryTally

KIND = "Transfer"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Transfer]:
    """Return those of the transfers that the caller may read."""
    return {row.id: row for row in await _visible(Transfer.filter(id__in=set(ids)), ctx)}


@requires(Permission.STOCK_READ)
async def get(ctx: Context, transfer_id: int | None, number: str | None) -> Transfer | None:
    """Return the transfer with this ID or number, or None if the caller may not read one.

    Raises: InvalidInput unless exactly one of both is given.
    """
    if (transfer_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    if transfer_id is not None:
        return await _visible(Transfer.filter(id=transfer_id), ctx).first()
    numbered = Transfer.filter(merchant_id=ctx.merchant_id, number=number_of(number or ""))
    return await _visible(numbered, ctx).first()


@requires(Permission.STOCK_READ)
async def page(ctx: Context, wanted: DocumentFilter, request: PageRequest) -> Page[Transfer]:
    """Return a page of the transfers from or to the caller's territory, the latest first."""
    visible = _visible(Transfer.filter(merchant_id=ctx.merchant_id), ctx)
    return await page_of(visible, ("source_id", "destination_id"), wanted, request)


@requires(Permission.STOCK_READ)
async def tally(ctx: Context, wanted: DocumentFilter) -> QueryTally[Transfer]:
    """Return the counts of the whole list."""
    visible = _visible(Transfer.filter(merchant_id=ctx.merchant_id), ctx)
    return tally_of(visible, ("source_id", "destination_id"), wanted)


async def lines_of(
    transfer_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[TransferLine]]:
    """Return the lines of transfers that the caller may read, in the order of their request."""
    return await rows_of_each(TransferLine, "transfer_id", transfer_ids, cut)


async def actions_of(ctx: Context, transfers: Sequence[Transfer]) -> list[list[TransferAction]]:
    """Return the actions that the caller may perform on each transfer."""
    ends = {each.source_id for each in transfers} | {each.destination_id for each in transfers}
    paths = await paths_of(ends)
    return [transfer_actions(each.status, _rights(ctx, each, paths)) for each in transfers]


async def locked(ctx: Context, transfer_id: int, action: TransferAction) -> Transfer:
    """Lock a transfer for an action, and fetch its source and destination.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    if not await _visible(Transfer.filter(id=transfer_id), ctx).exists():
        raise NotFound("There is no such transfer.", path=("transferId",))
    transfer = await Transfer.filter(id=transfer_id).select_for_update().get()
    await transfer.fetch_related("source", "destination")
    next_status(TRANSFER_TRANSITIONS, transfer.status, action)
    paths = await paths_of([transfer.source_id, transfer.destination_id])
    rights = _rights(ctx, transfer, paths)
    if not permitted(transfer.status, action, rights):
        if rights.decides_both:
            raise Forbidden("The requester of a transfer cannot decide on it.")
        raise Forbidden("You may not do this with the document.")
    return transfer


async def set_status(
    ctx: Context, transfer: Transfer, to_status: TransferStatus, note: str | None, **columns: Any
) -> None:
    """Set the status of a locked transfer, record the change and announce it."""
    from_status = transfer.status
    transfer.update_from_dict({**columns, "status": to_status})
    await transfer.save(update_fields=[*columns, "status", "updated_at"])
    await record_change(ctx, transfer, from_status, note)


async def record_change(
    ctx: Context, transfer: Transfer, from_status: TransferStatus | None, note: str | None
) -> None:
    """Add a saved change to the history, and announce it at the source and the destination."""
    document = (KIND, transfer.id)
    await record(ctx, document, from_status, transfer.status, note)
    ends = [transfer.source, transfer.destination]
    await announce_document(ctx, "transfer.changed", document, ends)


def _visible(query: QuerySet[Transfer], ctx: Context) -> QuerySet[Transfer]:
    if ctx.actor.kind is ActorKind.SYSTEM:
        return query
    locations = scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")
    within = Subquery(locations.values("id"))
    return query.filter(Q(source_id__in=within) | Q(destination_id__in=within))


def _rights(ctx: Context, transfer: Transfer, paths: dict[int, str]) -> TransferRights:
    source, destination = paths[transfer.source_id], paths[transfer.destination_id]
    decide, write = Permission.TRANSFER_DECIDE, Permission.TRANSFER_WRITE
    asker = (transfer.requested_by_kind, transfer.requested_by_id)
    return TransferRights(
        asked=ctx.actor.id is not None and asker == (ctx.actor.kind, ctx.actor.id),
        alone=ctx.settings.transfer_one_pair_of_eyes,
        decides_both=may(ctx, decide, source) and may(ctx, decide, destination),
        at_source=may(ctx, write, source),
        at_destination=may(ctx, write, destination),
    )
