"""The caller's rights on transfers, and locking them for a step."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.errors import Forbidden, NotFound
from models.stock.documents.transfer_rules import (
    TransferAction,
    TransferRights,
    permitted,
    transfer_actions,
)
from models.stock.documents.transfers import Transfer
from resolvers.context import Context
from resolvers.permissions import may
from resolvers.stock.documents import steps
from resolvers.stock.documents.documents import paths_of
from resolvers.stock.documents.kinds import TRANSFERS


async def actions_of(ctx: Context, transfers: Sequence[Transfer]) -> list[list[TransferAction]]:
    """Return the actions that the caller may perform on each transfer."""
    ends = {each.source_id for each in transfers} | {each.destination_id for each in transfers}
    paths = await paths_of(ends)
    return [transfer_actions(each.status, _rights(ctx, each, paths)) for each in transfers]


async def locked(ctx: Context, transfer_id: int, action: TransferAction) -> Transfer:
    """Lock a transfer for an action that the caller may perform, and fetch its locations.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    missing = NotFound("There is no such transfer.", path=("transferId",))
    transfer = await steps.locked(ctx, TRANSFERS, transfer_id, action, missing)
    paths = await paths_of([transfer.source_id, transfer.destination_id])
    rights = _rights(ctx, transfer, paths)
    if not permitted(transfer.status, action, rights):
        if rights.decides_both:
            raise Forbidden("The requester of a transfer cannot decide on it.")
        raise Forbidden("You may not do this with the document.")
    return transfer


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
