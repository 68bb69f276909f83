"""Deletion of personal data that is no longer needed, in batches, after the days of the settings.

The rows are chosen outside of a transaction and checked again by the statement that deletes them, so no lock
is held while a table is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from models.database import execute, fetch, for_update, marks, transaction
from models.tables.bulk import delete_where
from resolvers.context import Context

BATCH = 1_000

_IDLE_GUEST = """created_at < ?
AND NOT EXISTS (SELECT 1 FROM session WHERE session.kind = 'GUEST' AND session.subject_id = guest.id)
AND NOT EXISTS (SELECT 1 FROM cart WHERE cart.guest_id = guest.id)
AND NOT EXISTS (SELECT 1 FROM sales_order WHERE sales_order.guest_id = guest.id)"""

_ABANDONED_CART = """updated_at < ? AND status <> 'ORDERED' AND member_id IS NULL
AND NOT EXISTS (SELECT 1 FROM sales_order WHERE sales_order.cart_id = cart.id)"""

_ENDED_SESSION = "((revoked_at IS NOT NULL AND revoked_at < ?) OR refresh_expires_at < ?)"

_TICKET_DONE = """created_at < ? AND EXISTS (SELECT 1 FROM fulfilment
WHERE fulfilment.id = print_ticket.fulfilment_id AND fulfilment.status IN ('DONE', 'CANCELLED', 'EXPIRED'))"""

_ENDED_ORDER = """status IN ('COMPLETED', 'CANCELLED') AND updated_at < ?
AND (encrypted_address IS NOT NULL OR encrypted_remark IS NOT NULL)"""


async def forget_codes(ctx: Context) -> int:
    """Delete one-time codes and member codes that have expired."""
    before = _days_ago(ctx, ctx.settings.code_days)
    codes = await _delete("one_time_code", "expires_at < ?", before)
    return codes + await _delete("member_code", "expires_at < ?", before)


async def forget_sessions(ctx: Context) -> int:
    """Delete sessions that were revoked, or can no longer be refreshed."""
    before = _days_ago(ctx, ctx.settings.session_days)
    return await _delete("session", _ENDED_SESSION, before, before)


async def forget_carts(ctx: Context) -> int:
    """Delete carts without a member or an order that nobody has changed since."""
    before = _days_ago(ctx, ctx.settings.cart_days)
    ids = await _chosen("cart", _ABANDONED_CART, before)
    return await transaction(_delete_carts, ids, before) if ids else 0


async def forget_guests(ctx: Context) -> int:
    """Delete guests who have neither a session nor a cart nor an order."""
    return await _delete("guest", _IDLE_GUEST, _days_ago(ctx, ctx.settings.guest_days))


async def forget_idempotency_keys(ctx: Context) -> int:
    """Delete the answers to idempotency keys; the same key does its work anew from then on."""
    before = _days_ago(ctx, ctx.settings.idempotency_days)
    return await _delete("idempotency_record", "created_at < ?", before)


async def forget_tickets(ctx: Context) -> int:
    """Delete tickets of fulfilments that have ended."""
    return await _delete("print_ticket", _TICKET_DONE, _days_ago(ctx, ctx.settings.ticket_days))


async def forget_addresses(ctx: Context) -> int:
    """Empty address and remark of orders that have ended; the orders stay."""
    before = _days_ago(ctx, ctx.settings.address_days)
    ids = await _chosen("sales_order", _ENDED_ORDER, before)
    if not ids:
        return 0
    return await transaction(
        execute,
        "UPDATE sales_order SET encrypted_address = NULL, encrypted_remark = NULL,"
        " recipient_ending = NULL"
        f" WHERE id IN ({marks(ids)}) AND {_ENDED_ORDER}",
        *ids,
        before,
    )


async def forget_contact_looks(ctx: Context) -> int:
    """Delete the records of who saw whose contact."""
    return await _delete(
        "contact_look", "last_at < ?", _days_ago(ctx, ctx.settings.contact_look_days)
    )


async def _delete_carts(ids: Sequence[int], before: datetime) -> int:
    locked = await fetch(
        f"SELECT id FROM cart WHERE id IN ({marks(ids)}) AND {_ABANDONED_CART}"
        f" ORDER BY id{for_update()}",
        *ids,
        before,
    )
    abandoned = [row["id"] for row in locked]
    await delete_where("cart_line", "cart_id", abandoned)
    await delete_where("cart", "id", abandoned)
    return len(abandoned)


async def _delete(table: str, condition: str, *values: datetime) -> int:
    if not (ids := await _chosen(table, condition, *values)):
        return 0
    statement = f"DELETE FROM {table} WHERE id IN ({marks(ids)}) AND {condition}"
    return await transaction(partial(execute, statement, *ids, *values))


async def _chosen(table: str, condition: str, *values: datetime) -> list[int]:
    rows = await fetch(
        f"SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT {BATCH}", *values
    )
    return [row["id"] for row in rows]


def _days_ago(ctx: Context, days: int) -> datetime:
    return ctx.now() - timedelta(days=days)
