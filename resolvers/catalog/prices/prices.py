"""What a variant costs for whoever asks: the one place that decides it.

A price of the viewer's store goes before one of the channel, that before one of the member's tier,
and all of them before the list price. Cart, quote, order and every list of goods ask here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.accounts.channels import Channel
from models.database import Records, any_id, any_of, array, fetch, records
from resolvers.context import Context

# The key of each kind of list for a viewer; a later rank goes before an earlier one.
_TIER = (
    "SELECT 1 AS rank, 'TIER' AS kind, t.code AS key"
    " FROM member m JOIN tier t ON t.id = m.tier_id WHERE m.id = ?"
)
_CHANNEL = "SELECT 2 AS rank, 'CHANNEL' AS kind, CAST(? AS VARCHAR(64)) AS key"
_STORE = "SELECT 3 AS rank, 'STORE' AS kind, code AS key FROM location WHERE {column} = ?"
_LISTS = (
    "JOIN price_list l"
    " ON l.merchant_id = ? AND l.kind = viewer.kind AND l.key = viewer.key AND l.active"
)
# What is in force at any time from one moment to before another, and whether it begins or ends between
# them. The last row of a variant is its price.
_IN_FORCE = f"""
SELECT p.variant_id, p.amount_minor,
    l.valid_from > ? OR p.valid_from > ? OR l.valid_to < ? OR p.valid_to < ?
FROM ({{keys}}) AS viewer {_LISTS} AND l.valid_from < ? AND (l.valid_to IS NULL OR l.valid_to > ?)
JOIN price p ON p.price_list_id = l.id AND {{variants}}
    AND p.valid_from < ? AND (p.valid_to IS NULL OR p.valid_to > ?)
ORDER BY viewer.rank, l.valid_from, l.id, p.valid_from
"""
_AN_HOUR = timedelta(hours=1)
_AN_INSTANT = timedelta(microseconds=1)  # no moment that is kept is finer


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom a price is for: a channel, a member if known, and a store by its ID or else by its node."""

    channel: Channel
    member_id: int | None = None
    store_id: int | None = None
    store_node_id: int | None = None

    def keys(self) -> tuple[str, list[Any]]:
        """SQL for the lists that may hold for this viewer, as (rank, kind, key)."""
        found: list[str] = [_CHANNEL]
        values: list[Any] = [str(self.channel)]
        for sql, value in (
            (_TIER, self.member_id),
            (_STORE.format(column="id"), self.store_id),
            (
                _STORE.format(column="organisation_id"),
                None if self.store_id else self.store_node_id,
            ),
        ):
            if value is not None:
                found.append(sql)
                values.append(value)
        return " UNION ALL ".join(found), values


def viewer_of(ctx: Context, store_id: int | None = None) -> Viewer:
    """Whoever asks, at `store_id` or else at the store that the request comes from."""
    return Viewer(ctx.channel, ctx.member_id, store_id, ctx.store_node_id)


def buyer(ctx: Context, member_id: int | None) -> Viewer:
    """Whoever a cart belongs to, as served through this channel and store."""
    return Viewer(ctx.channel, member_id, None, ctx.store_node_id)


async def resolve(ctx: Context, viewer: Viewer, list_minor: Mapping[int, int]) -> dict[int, int]:
    """The unit price in minor units of each variant; `list_minor` has its list price."""
    if not list_minor:
        return {}
    found = await _in_force(ctx, viewer, any_id("p.variant_id"), array(list_minor))
    return {**list_minor, **found}


async def by_ids(ctx: Context, viewer: Viewer, variant_ids: Sequence[int]) -> dict[int, int]:
    """The unit price in minor units of each variant of which nothing but the ID is known."""
    ids = sorted(set(variant_ids))
    rows = await records(f"SELECT id, price_minor FROM variant WHERE {any_id('id')}", array(ids))
    return await resolve(ctx, viewer, dict(map(tuple, rows)))


async def ranges(
    ctx: Context, viewer: Viewer, product_ids: Sequence[int]
) -> dict[int, tuple[int, int]]:
    """The lowest and highest price of those products that cost this viewer other than by list price."""
    variants = f"p.variant_id IN (SELECT id FROM variant WHERE {any_of('product_id')})"
    if not (own := await _in_force(ctx, viewer, variants, array(set(product_ids)))):
        return {}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in await fetch(
        "SELECT id, product_id, price_minor FROM variant WHERE product_id IN ("
        f"SELECT product_id FROM variant WHERE {any_of('id')})",
        array(own),
    ):
        found[row["product_id"]].append(own.get(row["id"], row["price_minor"]))
    return {product_id: (min(amounts), max(amounts)) for product_id, amounts in found.items()}


async def _in_force(ctx: Context, viewer: Viewer, variants: str, wanted: Any) -> dict[int, int]:
    """The prices that lists have for this viewer now, by variant; `wanted` fills `variants`, a condition.

    Asked by the hour, in which most prices stay as they are, so that the answer can be kept.
    """
    hour = ctx.clock().replace(minute=0, second=0, microsecond=0)
    rows = await _between(ctx, viewer, variants, wanted, hour, hour + _AN_HOUR)
    ctx.holds_until(hour + _AN_HOUR)
    if any(changes for _, _, changes in rows):
        now = ctx.now()
        rows = await _between(ctx, viewer, variants, wanted, now, now + _AN_INSTANT)
    return {variant_id: amount_minor for variant_id, amount_minor, _ in rows}


async def _between(
    ctx: Context, viewer: Viewer, variants: str, wanted: Any, start: datetime, end: datetime
) -> Records:
    keys, of_viewer = viewer.keys()
    return await records(
        _IN_FORCE.format(keys=keys, variants=variants),
        *(start, start, end, end),
        *of_viewer,
        ctx.merchant_id,
        *(end, start, wanted, end, start),
    )
