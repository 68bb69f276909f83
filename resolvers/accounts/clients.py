"""Machines and client applications: API clients with scopes, storefronts with channels."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation
from models.accounts.passwords import API_CLIENT_PREFIX, new_token, token_hash
from models.accounts.roles import Permission, scopes_granted
from models.database import transaction
from models.errors import InvalidInput
from resolvers.accounts.organisations import within_reach
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone, may, requires, scoped
from resolvers.validation import text_of


@requires(Permission.API_CLIENT_WRITE)
async def create_api_client(
    ctx: Context, name: str, scopes: Sequence[str], organisation_code: str
) -> tuple[ApiClient, str]:
    """A client and its secret, which is its bearer token and is shown only here.

    Raises: InvalidInput for a scope that is unknown or beyond the creator's, NotFound for the node.
    """
    name = text_of(name, "name", 100)
    node = await within_reach(
        ctx, organisation_code, Permission.API_CLIENT_WRITE, "organisationCode"
    )
    granted = _scopes(ctx, list(scopes), node)
    secret = new_token(API_CLIENT_PREFIX)

    async def create() -> ApiClient:
        return await ApiClient.create(
            name=name, secret_hash=token_hash(secret), scopes=granted, organisation_id=node.id
        )

    return await transaction(create), secret


@requires(Permission.STOREFRONT_WRITE)
async def create_storefront(
    ctx: Context, name: str, channel: Channel, organisation_code: str
) -> Storefront:
    """A client application; its key is public. Raises: InvalidInput, NotFound for the node."""
    name = text_of(name, "name", 100)
    node = await within_reach(
        ctx, organisation_code, Permission.STOREFRONT_WRITE, "organisationCode"
    )

    async def create() -> Storefront:
        return await Storefront.create(
            name=name, channel=channel, key=new_token("qs"), organisation_id=node.id
        )

    return await transaction(create)


@for_anyone
async def api_clients_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ApiClient]:
    """The clients that the caller manages, and the caller itself."""
    query = scoped(ApiClient.all(), ctx, Permission.API_CLIENT_WRITE, "organisation")
    found = {client.id: client for client in await query.filter(id__in=ids)}
    if ctx.actor.kind is ActorKind.API_CLIENT and ctx.actor.id in ids:
        found[ctx.actor.id] = await ApiClient.get(id=ctx.actor.id)
    return found


@for_anyone
async def storefronts_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Storefront]:
    query = scoped(Storefront.all(), ctx, Permission.STOREFRONT_WRITE, "organisation")
    return {storefront.id: storefront for storefront in await query.filter(id__in=ids)}


def _scopes(ctx: Context, asked: list[str], node: Organisation) -> list[str]:
    creator = frozenset(each for each in Permission if may(ctx, each, node.path))
    try:
        return scopes_granted(asked, creator)
    except ValueError as error:
        raise InvalidInput(
            "{scope} is not a scope that you can give.", path=("scopes",), scope=str(error)
        ) from None
