"""Stock for tests: a location and variants, and levels with pieces on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.catalog.products import Product, Variant
from models.database import transaction
from models.stock.holds import StockHold
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location, LocationKind
from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.stock.ledger import ledger

_numbers = itertools.count(1)


async def a_location(ctx: Context, code: str | None = None, **columns: object) -> Location:
    """A place of the context's merchant with a node of its own in the tree: a store unless told."""
    parent = await Organisation.get(id=ctx.merchant_id)
    code = code or f"S{next(_numbers):04}"
    values: dict[str, object] = {"kind": LocationKind.STORE, "name": code, **columns}
    kind = OrganisationKind(str(values["kind"]))
    node = await create_below(parent, OrganisationDraft(code=code, name=code, kind=kind))
    return await Location.create(
        merchant_id=ctx.merchant_id, organisation_id=node.id, code=code, **values
    )


async def a_variant(ctx: Context, sku: str | None = None) -> Variant:
    sku = sku or f"SKU{next(_numbers):04}"
    product = await Product.create(
        merchant_id=ctx.merchant_id, code=sku, slug=sku.lower(), name=sku
    )
    return await Variant.create(
        merchant_id=ctx.merchant_id, product_id=product.id, sku=sku, price_minor=1000
    )


async def a_level(
    ctx: Context,
    available: int,
    *,
    variant: Variant | None = None,
    location: Location | None = None,
    safety_stock: int = 0,
) -> StockLevel:
    """A level whose pieces came in by a movement, so that the ledger explains them."""
    variant = variant or await a_variant(ctx)
    location = location or await a_location(ctx)
    await transaction(receive, ctx, (variant.id, location.id), available)
    await StockLevel.filter(variant_id=variant.id, location_id=location.id).update(
        safety_stock=safety_stock
    )
    return await StockLevel.get(variant_id=variant.id, location_id=location.id)


async def again(level: StockLevel) -> StockLevel:
    """The level as it is now."""
    return await StockLevel.get(id=level.id)


async def statuses(order_id: int) -> list[str]:
    return [str(each.status) for each in await StockHold.filter(order_id=order_id).order_by("id")]


async def receive(ctx: Context, place: ledger.Place, quantity: int) -> None:
    await ledger.create_missing(ctx, [place])
    await ledger.move_all(ctx, list(_receipts(place, quantity)))


def _receipts(place: ledger.Place, quantity: int) -> Iterable[ledger.Move]:
    if quantity:
        yield ledger.Move(
            variant_id=place[0],
            location_id=place[1],
            from_state=StockState.OUTSIDE,
            to_state=StockState.AVAILABLE,
            quantity=quantity,
            reason=MovementReason.PURCHASE_RECEIPT,
        )


async def codes_of(level: StockLevel) -> tuple[str, str]:
    await level.fetch_related("location", "variant")
    return level.location.code, level.variant.sku


async def actor_at(location: Location, *permissions: Permission) -> Actor:
    await location.fetch_related("organisation")
    node = location.organisation
    return Actor(ActorKind.STAFF, 1, (GrantedNode(node.id, node.path, frozenset(permissions)),))
