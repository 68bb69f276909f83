"""Who asks: from a bearer token and a storefront key to an actor, a channel and a merchant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import API_CLIENT_PREFIX, token_hash
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.errors import NotSignedIn
from resolvers.context import Actor, ActorKind, Context, GrantedNode


async def actor_of(token: str, now: datetime) -> Actor:
    """The actor whose bearer token this is.

    Raises: NotSignedIn when it is unknown, expired or revoked.
    """
    hashed = token_hash(token)
    if token.startswith(f"{API_CLIENT_PREFIX}_"):
        if client := await ApiClient.filter(secret_hash=hashed, active=True).first():
            return await actor_of_client(client)
    elif session := await Session.filter(access_hash=hashed).first():
        if session.revoked_at or session.access_expires_at <= now:
            raise NotSignedIn("Your sign-in has expired.")
        return await actor_of_session(session)
    raise NotSignedIn("This token is not known.")


async def actor_of_session(session: Session) -> Actor:
    """Raises: NotSignedIn for a member of staff who is no longer active."""
    kind = ActorKind(session.kind)
    if session.kind is not SubjectKind.STAFF:
        return Actor(kind, session.subject_id, session_id=session.id)
    if not await Staff.filter(id=session.subject_id, active=True).exists():
        raise NotSignedIn("This account is no longer active.")
    return Actor(kind, session.subject_id, await _grants_of(session.subject_id), session.id)


async def become(ctx: Context, kind: SubjectKind, subject_id: int) -> None:
    """From here on the request is that of somebody who has just signed in with it."""
    grants = await _grants_of(subject_id) if kind is SubjectKind.STAFF else ()
    ctx.actor = Actor(ActorKind(kind), subject_id, grants)


async def actor_of_client(client: ApiClient) -> Actor:
    node = await Organisation.get(id=client.organisation_id)
    return Actor(ActorKind.API_CLIENT, client.id, (_granted(node, map(Permission, client.scopes)),))


async def storefront_of(key: str) -> Storefront:
    """The storefront with this key, its organisation with it.

    Raises: NotSignedIn for a key that no active storefront has.
    """
    found = Storefront.filter(key=key, active=True).select_related("organisation")
    if (storefront := await found.first()) is None:
        raise NotSignedIn("This X-Storefront-Key is not known.")
    return storefront


def merchant_of(actor: Actor, storefront: Storefront | None) -> int | None:
    """The merchant of the storefront, else the one that all the actor's nodes belong to, if one does."""
    if storefront and (merchant_id := _merchant_of(storefront.organisation)):
        return merchant_id
    merchants = {grant.merchant_id for grant in actor.grants} - {None}
    return merchants.pop() if len(merchants) == 1 else None


def store_node_of(actor: Actor, storefront: Storefront | None) -> int | None:
    """The store of the storefront, else the one node that a member of staff works at, if it is one."""
    if storefront and storefront.organisation.kind is OrganisationKind.STORE:
        return storefront.organisation_id
    nodes = {grant.organisation_id for grant in actor.grants}
    return nodes.pop() if actor.kind is ActorKind.STAFF and len(nodes) == 1 else None


async def oldest_merchant() -> int | None:
    return await _oldest(OrganisationKind.MERCHANT)


async def platform() -> int | None:
    return await _oldest(OrganisationKind.PLATFORM)


async def first_merchant() -> int | None:
    """The oldest merchant; before there is one, the platform sells for itself."""
    return await oldest_merchant() or await platform()


def channel_of(storefront: Storefront | None) -> Channel:
    return storefront.channel if storefront else Channel.PC


async def _grants_of(staff_id: int) -> tuple[GrantedNode, ...]:
    grants = await StaffGrant.filter(staff_id=staff_id).prefetch_related("organisation")
    return tuple(
        _granted(grant.organisation, ROLE_PERMISSIONS[grant.role], grant.role) for grant in grants
    )


def _granted(
    node: Organisation, permissions: Iterable[Permission], role: Role | None = None
) -> GrantedNode:
    return GrantedNode(node.id, node.path, frozenset(permissions), role, _merchant_of(node))


def _merchant_of(node: Organisation) -> int | None:
    return None if node.kind is OrganisationKind.PLATFORM else node.merchant_key


async def _oldest(kind: OrganisationKind) -> int | None:
    organisation = await Organisation.filter(kind=kind).order_by("id").first()
    return organisation.id if organisation else None
