"""Who sees products that are not on sale: those with CATALOG_READ in the merchant's tree."""

from __future__ import annotations

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.catalog.assortments import LISTED
from resolvers.context import ActorKind, Context

# That `product p` is on sale in a channel, which is the parameter.
ON_SALE = f"(p.status = 'ACTIVE' AND {LISTED})"
_MEMORY = "merchants whose unpublished products are visible"


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
