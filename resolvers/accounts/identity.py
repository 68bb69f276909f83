"""Who asks: from a bearer token and a storefront key to an actor, a channel and a merchant."""

from __future__ import annotations

from datetime import datetime

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import token_hash
from models.accounts.roles import ROLE_PERMISSIONS, Permission
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.errors import NotSignedIn
from resolvers.context import Actor, ActorKind, Context, GrantedNode


async def actor_of(token: str, now: datetime) -> Actor:
    """The actor whose bearer token this is.

    Raises: NotSignedIn when it is unknown, expired or revoked.
    """
    hashed = token_hash(token)
    if session := await Session.filter(access_hash=hashed).first():
        if session.revoked_at or session.access_expires_at <= now:
            raise NotSignedIn("Your sign-in has expired.")
        return await actor_of_session(session)
    if client := await ApiClient.filter(secret_hash=hashed, active=True).first():
        return await actor_of_client(client)
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
    organisation = await Organisation.get(id=client.organisation_id)
    scopes = frozenset(map(Permission, client.scopes))
    grant = GrantedNode(organisation.id, organisation.path, scopes)
    return Actor(ActorKind.API_CLIENT, client.id, (grant,))


async def storefront_of(key: str) -> Storefront:
    """Raises: NotSignedIn for a key that no active storefront has."""
    storefront = await Storefront.filter(key=key, active=True).first()
    if storefront is None:
        raise NotSignedIn("This X-Storefront-Key is not known.")
    return storefront


async def merchant_of(actor: Actor, storefront: Storefront | None) -> int | None:
    """Whose goods a request is about: the storefront's merchant, else the actor's, else the first."""
    nodes = [grant.organisation_id for grant in actor.grants]
    if storefront:
        nodes = [storefront.organisation_id]
    if nodes:
        organisations = await Organisation.filter(id__in=nodes)
        merchants = {
            each.merchant_key
            for each in organisations
            if each.kind is not OrganisationKind.PLATFORM
        }
        if len(merchants) == 1:
            return merchants.pop()
    return await first_merchant()


async def first_merchant() -> int | None:
    """The oldest merchant; before there is one, the platform sells for itself."""
    merchant = await Organisation.filter(kind=OrganisationKind.MERCHANT).order_by("id").first()
    merchant = merchant or await Organisation.filter(kind=OrganisationKind.PLATFORM).first()
    return merchant.id if merchant else None


def channel_of(storefront: Storefront | None) -> Channel:
    return storefront.channel if storefront else Channel.PC


async def _grants_of(staff_id: int) -> tuple[GrantedNode, ...]:
    grants = await StaffGrant.filter(staff_id=staff_id).prefetch_related("organisation")
    return tuple(
        GrantedNode(
            grant.organisation_id, grant.organisation.path, ROLE_PERMISSIONS[grant.role], grant.role
        )
        for grant in grants
    )
