"""Products and stores for tests, as an ERP gives them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import ROLE_PERMISSIONS, Role
from models.catalog.gtin import check_digit
from models.database import transaction
from models.stock.levels import StockLevel
from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below
from resolvers.bulk_rows import BatchOutcome, OnError
from resolvers.catalog.products import upsert as catalog
from resolvers.catalog.products.drafts import ProductDraft, SelectedOptionDraft, VariantDraft
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.stores import upsert as stores
from resolvers.stores.addresses import AddressDraft, PointDraft
from resolvers.stores.drafts import StoreDraft


def a_gtin(number: int) -> str:
    digits = f"690{number:09}"
    return digits + check_digit(digits)


def a_variant(sku: str, price: str = "9.90", **given: Any) -> VariantDraft:
    return VariantDraft(sku=sku, price=Decimal(price), **given)


def a_product(code: str, name: str | None = None, **given: Any) -> ProductDraft:
    """A product with one variant whose SKU is the code, unless told otherwise."""
    price = given.pop("price", "9.90")
    given.setdefault("variants", [a_variant(code, price)])
    return ProductDraft(code=code, name=f"商品{code}" if name is None else name, **given)


def selecting(**values: str) -> list[SelectedOptionDraft]:
    return [SelectedOptionDraft(name, value) for name, value in values.items()]


def a_store(code: str, place: tuple[float, float] | None = None, **given: Any) -> StoreDraft:
    given.setdefault("address", AddressDraft(street="太原街2号", city="沈阳市"))
    if place is not None:
        given["position"] = PointDraft(*place)
    return StoreDraft(code=code, name=given.pop("name", f"{code}店"), **given)


async def put(ctx: Context, *drafts: ProductDraft) -> BatchOutcome:
    """Import products, all of which must be sound."""
    outcome = await catalog.upsert(ctx, drafts, OnError.REJECT_ALL)
    assert outcome.refusals == []
    return outcome


async def open_stores(ctx: Context, *drafts: StoreDraft) -> BatchOutcome:
    """Import stores, all of which must be sound."""
    outcome = await stores.upsert(ctx, drafts, OnError.REJECT_ALL)
    assert outcome.refusals == []
    return outcome


async def a_merchant(code: str) -> Organisation:
    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    draft = OrganisationDraft(code=code, name=code, kind=OrganisationKind.MERCHANT)
    return await transaction(create_below, platform, draft)


def erp_of(ctx: Context, node: Organisation, role: Role = Role.ADMIN) -> Context:
    """A machine with a role's rights on a node and all below it."""
    grant = GrantedNode(node.id, node.path, ROLE_PERMISSIONS[role])
    actor = Actor(ActorKind.API_CLIENT, 1, (grant,))
    return replace(ctx, actor=actor, merchant_id=node.merchant_key, memory={})


def a_visitor(ctx: Context) -> Context:
    return replace(ctx, actor=Actor(), memory={})


async def pieces(variant_id: int, location_id: int, available: int, **columns: int) -> StockLevel:
    return await StockLevel.create(
        variant_id=variant_id, location_id=location_id, available=available, **columns
    )
