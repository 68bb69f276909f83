"""Changing and taking away what machines and client applications come in with.

Everything here holds from the next request on, in every process: who asks is looked up for each. Whoever
changes anything has confirmed that it is them, and is held until it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation
from models.accounts.passwords import API_CLIENT_PREFIX, new_token, token_hash
from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, NotFound, StateConflict
from resolvers.accounts.clients.clients import claim_code, scopes_of
from resolvers.accounts.sessions import still_signed_in
from resolvers.bulk_rows import KEEP, Unset
from resolvers.context import Context
from resolvers.permissions import confirmed, may, requires, scoped
from resolvers.validation import code_of, text_of

LONGEST_OVERLAP_MINUTES = 30 * 24 * 60


@requires(Permission.API_CLIENT_WRITE)
@confirmed
async def update_api_client(
    ctx: Context, client_id: int, name: str | None, scopes: Sequence[str] | None
) -> ApiClient:
    """Rename a client, or give it other scopes.

    Raises: NotFound outside the caller's territory, InvalidInput for a scope beyond the caller's that the
    client does not have, StateConflict for a client that was revoked.
    """
    if name is not None:
        name = text_of(name, "name", 100)
    return await transaction(_update, ctx, client_id, name, scopes)


@requires(Permission.API_CLIENT_WRITE)
@confirmed
async def revoke_api_client(ctx: Context, client_id: int, reason: str) -> ApiClient:
    """End a client for good: its secrets are refused from now on. Doing it again changes nothing.

    Raises: NotFound outside the caller's territory, InvalidInput without a reason.
    """
    return await transaction(_revoke, ctx, client_id, text_of(reason, "reason", 500))


@requires(Permission.API_CLIENT_WRITE)
@confirmed
async def rotate_secret(
    ctx: Context, client_id: int, overlap_minutes: int
) -> tuple[ApiClient, str]:
    """Give a client a new secret; the one before holds for so many minutes, with 0 not at all.

    While the secret before still holds, only a rotation without overlap is possible, which ends both: so of
    two rotations at once one is refused, and no secret that was promised an overlap ends early.

    Raises: NotFound outside the caller's territory, InvalidInput, StateConflict.
    """
    if not 0 <= overlap_minutes <= LONGEST_OVERLAP_MINUTES:
        raise InvalidInput(
            "An overlap lasts 0 to {maximum} minutes.",
            path=("overlapMinutes",),
            maximum=LONGEST_OVERLAP_MINUTES,
        )
    secret = new_token(API_CLIENT_PREFIX)
    return await transaction(_rotate, ctx, client_id, overlap_minutes, secret), secret


@requires(Permission.STOREFRONT_WRITE)
@confirmed
async def update_storefront(
    ctx: Context,
    storefront_id: int,
    name: str | None,
    active: bool | None,
    code: str | Unset | None = KEEP,
) -> Storefront:
    """Rename a client application, or switch it off and on; while it is off its key is refused.

    A `code` that is None takes its code away.

    Raises: NotFound outside the caller's territory, InvalidInput, Duplicate for a code that another of the
    merchant has.
    """
    if name is not None:
        name = text_of(name, "name", 100)
    if isinstance(code, str):
        code_of(code, "code")
    return await transaction(_update_storefront, ctx, storefront_id, name, active, code)


async def _update(
    ctx: Context, client_id: int, name: str | None, scopes: Sequence[str] | None
) -> ApiClient:
    client = await _locked_client(ctx, client_id)
    _refuse_revoked(client)
    if name is not None:
        client.name = name
    if scopes is not None:
        node = await Organisation.get(id=client.organisation_id)
        client.scopes = scopes_of(ctx, list(scopes), node, held=client.scopes)
    await client.save(update_fields=["name", "scopes"])
    return client


async def _revoke(ctx: Context, client_id: int, reason: str) -> ApiClient:
    client = await _locked_client(ctx, client_id)
    if client.active:
        client.active = False
        client.revoked_at, client.revoked_reason = ctx.now(), reason
        client.previous_secret_hash = client.previous_until = None
        await client.save(
            update_fields=[
                "active",
                "revoked_at",
                "revoked_reason",
                "previous_secret_hash",
                "previous_until",
            ]
        )
    return client


async def _rotate(ctx: Context, client_id: int, overlap_minutes: int, secret: str) -> ApiClient:
    client = await _locked_client(ctx, client_id)
    _refuse_revoked(client)
    node = await Organisation.get(id=client.organisation_id)
    if any(not may(ctx, Permission(each), node.path) for each in client.scopes):
        raise InvalidInput("This client may do more than you.", path=("apiClientId",))
    now = ctx.now()
    if overlap_minutes and client.previous_until and client.previous_until > now:
        raise StateConflict(
            "The secret before still holds until {until}. Without an overlap both end at once.",
            state="ROTATING",
            path=("overlapMinutes",),
            until=client.previous_until.isoformat(timespec="seconds"),
        )
    kept = overlap_minutes > 0
    client.previous_secret_hash = client.secret_hash if kept else None
    client.previous_until = now + timedelta(minutes=overlap_minutes) if kept else None
    client.secret_hash = token_hash(secret)
    await client.save(update_fields=["secret_hash", "previous_secret_hash", "previous_until"])
    return client


async def _update_storefront(
    ctx: Context,
    storefront_id: int,
    name: str | None,
    active: bool | None,
    code: str | Unset | None,
) -> Storefront:
    query = scoped(Storefront.all(), ctx, Permission.STOREFRONT_WRITE, "organisation")
    found = await query.filter(id=storefront_id).first()
    if found is not None and isinstance(code, str):
        await claim_code(found.merchant_id, code, storefront_id)
    await still_signed_in(ctx)
    if found is None:
        raise NotFound("There is no such storefront.", path=("storefrontId",))
    storefront = await Storefront.select_for_update().get(id=storefront_id)
    storefront.code = storefront.code if isinstance(code, Unset) else code
    storefront.name = storefront.name if name is None else name
    storefront.active = storefront.active if active is None else active
    await storefront.save(update_fields=["code", "name", "active"])
    return storefront


async def _locked_client(ctx: Context, client_id: int) -> ApiClient:
    await still_signed_in(ctx)
    query = scoped(ApiClient.all(), ctx, Permission.API_CLIENT_WRITE, "organisation")
    if not await query.filter(id=client_id).exists():
        raise NotFound("There is no such API client.", path=("apiClientId",))
    return await ApiClient.select_for_update().get(id=client_id)


def _refuse_revoked(client: ApiClient) -> None:
    if not client.active:
        raise StateConflict("This API client was revoked.", state="REVOKED", path=("apiClientId",))
