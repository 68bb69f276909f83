"""Who sees products that are not on sale: those with CATALOG_READ in the merchant's tree."""

from __future__ import annotations

from tortoise.expressions import RawSQL

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.catalog.products import Product, ProductStatus
from resolvers.context import ActorKind, Context

_MEMORY = "merchants whose unpublished products are visible"


def excluded(ctx: Context) -> RawSQL:
    """Of a query of products: whether the caller's channel does not list the product."""
    return RawSQL(
        "EXISTS (SELECT 1 FROM channel_exclusion x WHERE x.product_id = product.id"
        f" AND x.channel = '{ctx.channel}')"
    )


def on_sale(product: Product) -> bool:
    """Whether a product that was asked for with `excluded` is on sale in the caller's channel."""
    return product.status is ProductStatus.ACTIVE and not product.excluded  # type: ignore[attr-defined]


async def sees_unpublished(ctx: Context, merchant_id: int | None) -> bool:
    """Whether the caller sees this merchant's drafts and archived products."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return True
    nodes = [
        grant.organisation_id
        for grant in ctx.actor.grants
        if Permission.CATALOG_READ in grant.permissions
    ]
    if not nodes:
        return False
    if _MEMORY not in ctx.memory:
        ctx.memory[_MEMORY] = await Organisation.filter(id__in=nodes)
    return any(
        node.kind is OrganisationKind.PLATFORM or node.merchant_key == merchant_id
        for node in ctx.memory[_MEMORY]
    )
