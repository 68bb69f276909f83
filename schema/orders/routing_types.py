"""Why a line goes where it goes: every candidate, in the order considered, kept with the fulfilment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from models.bounds import ROUTING_CANDIDATES, ROUTING_PICKS, all_of
from resolvers.context import Context
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import sized_list
from schema.orders.actions import RefusalReason
from schema.orders.loading import optional_nodes
from schema.stores.types import StockLocation


@strawberry.type
class RoutingPick:
    quantity: int
    distance_metres: int | None
    location_id: strawberry.Private[int]
    variant_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def location(parents: list[RoutingPick], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.location_id for each in parents])

    @batched
    @staticmethod
    async def variant(parents: list[RoutingPick], ctx: Context) -> list[Variant]:
        return await optional_nodes(Variant, ctx, [each.variant_id for each in parents])


@strawberry.type
class RoutingCandidate:
    distance_metres: int | None
    chosen: bool
    refused_because: list[RefusalReason] = sized_list(
        all_of(RefusalReason), description="Why the place was not chosen; empty for one that was."
    )
    location_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def location(parents: list[RoutingCandidate], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.location_id for each in parents])

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> RoutingCandidate:
        reasons = [RefusalReason(each) for each in kept["refused_because"]]
        return cls(**{**kept, "refused_because": reasons})


@strawberry.type(description="Where the pieces are sent from, and why from there.")
class RoutingDecision:
    picks: list[RoutingPick] = sized_list(ROUTING_PICKS)
    candidates: list[RoutingCandidate] = sized_list(ROUTING_CANDIDATES)
    decided_at: datetime

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> RoutingDecision:
        """`kept` is a decision as it stands with a fulfilment."""
        return cls(
            picks=[RoutingPick(**pick) for pick in kept["picks"]],
            candidates=[RoutingCandidate.of(candidate) for candidate in kept["candidates"]],
            decided_at=datetime.fromisoformat(kept["decided_at"]),
        )

    @classmethod
    def optional(cls, kept: Mapping[str, Any] | None) -> RoutingDecision | None:
        return cls.of(kept) if kept else None
