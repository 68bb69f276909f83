"""Adding machines and client applications: API clients with scopes, storefronts with channels."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation
from models.accounts.passwords import API_CLIENT_PREFIX, new_token, token_hash
from models.accounts.roles import EVERY_SCOPE, Permission, scopes_granted
from models.database import transaction
from models.errors import Duplicate, InvalidInput
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.accounts.sessions import still_signed_in
from resolvers.bulk_rows import lock_node
from resolvers.context import Context
from resolvers.permissions import confirmed, may, requires
from resolvers.validation import code_of, text_of


@requires(Permission.API_CLIENT_WRITE)
@confirmed
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
    granted = scopes_of(ctx, list(scopes), node)
    secret = new_token(API_CLIENT_PREFIX)

    async def create() -> ApiClient:
        await still_signed_in(ctx)
        return await ApiClient.create(
            name=name, secret_hash=token_hash(secret), scopes=granted, organisation_id=node.id
        )

    return await transaction(create), secret


@requires(Permission.STOREFRONT_WRITE)
@confirmed
async def create_storefront(
    ctx: Context, name: str, channel: Channel, organisation_code: str, code: str | None = None
) -> Storefront:
    """A client application; its key is public.

    Raises: InvalidInput, NotFound for the node, Duplicate for a code that another of the merchant has.
    """
    name = text_of(name, "name", 100)
    if code is not None:
        code_of(code, "code")
    node = await within_reach(
        ctx, organisation_code, Permission.STOREFRONT_WRITE, "organisationCode"
    )

    async def create() -> Storefront:
        if code is not None:
            await claim_code(node.merchant_key, code)
        await still_signed_in(ctx)
        return await Storefront.create(
            code=code,
            name=name,
            channel=channel,
            key=new_token("qs"),
            organisation_id=node.id,
            merchant_id=node.merchant_key,
        )

    return await transaction(create)


async def claim_code(merchant_id: int | None, code: str, storefront_id: int | None = None) -> None:
    """Hold the merchant until the transaction ends, so that nobody else takes the code meanwhile.

    Raises: Duplicate when a client application of the merchant other than this one has it.
    """
    await lock_node(merchant_id)
    if (
        await Storefront.filter(code=code, merchant_id=merchant_id)
        .exclude(id=storefront_id)
        .exists()
    ):
        raise Duplicate("The code {code} is taken.", path=("code",), code=code)


def scopes_of(
    ctx: Context, asked: list[str], node: Organisation, held: Sequence[str] = ()
) -> list[str]:
    """The scopes that the caller can give at `node`; those that are `held` already may stay.

    Raises: InvalidInput naming the first scope that is unknown or beyond the caller's.
    """
    creator = frozenset(each for each in Permission if may(ctx, each, node.path))
    if EVERY_SCOPE not in asked:
        creator |= {each for each in Permission if each in held}
    try:
        return scopes_granted(asked, creator)
    except ValueError as error:
        raise InvalidInput(
            "{scope} is not a scope that you can give.", path=("scopes",), scope=str(error)
        ) from None
