"""Holds for orders that need not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from models.database import transaction
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import HoldRequest


def of(level: StockLevel, quantity: int, fulfilment_id: int = 1) -> HoldRequest:
    return HoldRequest(
        variant_id=level.variant_id,
        location_id=level.location_id,
        quantity=quantity,
        fulfilment_id=fulfilment_id,
    )


async def hold(ctx: Context, order_id: int, *requests: HoldRequest, **options: object) -> None:
    expires_at = ctx.now() + timedelta(minutes=15)
    await transaction(_hold, ctx, order_id, requests, expires_at, options)


async def _hold(ctx, order_id, requests, expires_at, options) -> None:  # type: ignore[no-untyped-def]
    await allocation_holds.hold(ctx, order_id, requests, expires_at, **options)


def later(ctx: Context, minutes: float) -> Context:
    moment = ctx.now() + timedelta(minutes=minutes)
    return replace(ctx, clock=lambda: moment)
