"""Who set which price when, from what to what: written with each change, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.catalog.prices import ALWAYS, PriceChange
from models.tables.bulk import insert_all
from resolvers.background.outbox import Change, announce
from resolvers.catalog.scope import sees_unpublished
from resolvers.context import Context
from resolvers.orm_pagination import NOTHING, Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, pages_by_id
from resolvers.tallies import SqlTally

_COLUMNS = (
    "merchant_id", "variant_id", "price_list_id", "from_minor", "to_minor", "valid_from",
    "valid_to", "actor_kind", "actor_id", "created_at",
)  # fmt: skip
_TIE = "price history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repricing:
    """A price that differs now; without a list, the list price. None is no price."""

    variant_id: int
    from_minor: int | None
    to_minor: int | None
    price_list_id: int | None = None
    valid_from: datetime = ALWAYS
    valid_to: datetime | None = None


async def record(ctx: Context, merchant_id: int, repriced: Sequence[Repricing]) -> None:
    """Write the history, and announce it of each variant that had been there before."""
    actor = (str(ctx.actor.kind), ctx.actor.id, ctx.now())
    await insert_all(
        "price_change",
        _COLUMNS,
        [
            (
                merchant_id,
                each.variant_id,
                each.price_list_id,
                each.from_minor,
                each.to_minor,
                each.valid_from,
                each.valid_to,
                *actor,
            )
            for each in repriced
        ],
    )
    known = [
        each.variant_id
        for each in repriced
        if each.price_list_id is not None or each.from_minor is not None
    ]
    await announce(ctx, [_change(merchant_id, each) for each in dict.fromkeys(known)])


@for_anyone
async def of_variants(
    ctx: Context, variants: Sequence[tuple[int, int]], request: PageRequest
) -> dict[int, Page[PriceChange]]:
    """A page of the history of each (variant, merchant), the latest first; empty for the public."""
    seen = await _seen(ctx, variants)
    found = await pages_by_id(PriceChange, "variant_id", seen, Conditions(), request, _TIE)
    return {variant_id: found.get(variant_id, NOTHING) for variant_id, _ in variants}


def tally(ctx: Context, variants: Sequence[tuple[int, int]]) -> SqlTally:
    """The length of the history of each (variant, merchant), by variant; 0 for the public."""

    async def conditions(_: bool) -> Conditions:
        return Conditions().of_parents("variant_id", await _seen(ctx, variants))

    return SqlTally("price_change", conditions, by="variant_id")


async def _seen(ctx: Context, variants: Sequence[tuple[int, int]]) -> list[int]:
    return [
        variant_id
        for variant_id, merchant_id in variants
        if await sees_unpublished(ctx, merchant_id)
    ]


def _change(merchant_id: int, variant_id: int) -> Change:
    return Change(
        topic="price.changed",
        node_type="Variant",
        node_id=variant_id,
        merchant_id=merchant_id,
        variant_id=variant_id,
    )
