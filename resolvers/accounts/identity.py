"""Who asks: from a bearer token and a storefront key to an actor, a channel and a merchant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from models.accounts.channels import Channel
from models.accounts.organisations import OrganisationKind
from models.accounts.passwords import API_CLIENT_PREFIX, token_hash
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.accounts.sessions import SubjectKind
from models.database import first_records, records
from models.errors import NotSignedIn
from models.read_consistency import Freshness
from models.tables.columns import moment, parsed
from resolvers.accounts.sessions import Tokens
from resolvers.context import SYSTEM, Actor, ActorKind, Context, GrantedNode


class Node(NamedTuple):
    """A node of the organisation tree; `owner` is the merchant it belongs to, None for the platform."""

    id: int
    path: str
    kind: str
    merchant_id: int | None

    @property
    def owner(self) -> int | None:
        return None if self.kind == OrganisationKind.PLATFORM else self.merchant_id or self.id


class Origin(NamedTuple):
    """What a storefront key says about a request."""

    storefront_id: int
    channel: Channel
    node: Node


_NODE = "n.id, n.path, n.kind, n.merchant_id"
_STOREFRONT = (
    f"SELECT {{snapshot}}, f.id, f.active, f.channel, {_NODE}"
    " FROM storefront f JOIN organisation n ON n.id = f.organisation_id"
    " WHERE f.key = ?"
)
# The current secret and, until its time is up, the one before: `until` is empty for the current one.
_CLIENT = (
    f"SELECT {{snapshot}}, CASE WHEN c.secret_hash = ? THEN NULL ELSE c.previous_until END AS until,"
    f" c.active, c.id, c.scopes, {_NODE}"
    " FROM api_client c JOIN organisation n ON n.id = c.organisation_id"
    " WHERE c.secret_hash = ? OR c.previous_secret_hash = ?"
)
_CLIENT_BY_ID = (
    f"SELECT c.id, c.scopes, {_NODE}"
    " FROM api_client c JOIN organisation n ON n.id = c.organisation_id WHERE c.id = ? AND c.active"
)
_HAS_SECOND_FACTOR = "SELECT id FROM staff WHERE id = ? AND second_factor_at IS NOT NULL"
_ACTIVE_STAFF = "SELECT id FROM staff WHERE id = ? AND active"
_SESSION = (
    f"s.id, s.kind, s.subject_id, s.revoked_at, s.access_expires_at, s.confirmed_at, t.active,"
    f" t.second_factor_at, m.merchant_id, g.role, {_NODE}"
)
_SESSION_COLUMNS = 9  # and those of what is granted to it
_OF_SESSION = (
    " LEFT JOIN staff t ON s.kind = 'STAFF' AND t.id = s.subject_id"
    " LEFT JOIN member m ON s.kind = 'MEMBER' AND m.id = s.subject_id"
    " LEFT JOIN staff_grant g ON g.staff_id = t.id"
    " LEFT JOIN organisation n ON n.id = g.organisation_id"
)
_BY_TOKEN = (
    f"SELECT {{snapshot}}, {_SESSION} FROM session s{_OF_SESSION}"
    " WHERE s.access_hash = ? ORDER BY g.id"
)
_ORIGIN_COLUMNS = 7
# At least one row, whichever of the two is known.
_BY_BOTH = (
    f"SELECT {{snapshot}}, f.id, f.active, f.channel, o.id, o.path, o.kind, o.merchant_id, {_SESSION}"
    " FROM (SELECT 1) AS request LEFT JOIN storefront f ON f.key = ?"
    " LEFT JOIN organisation o ON o.id = f.organisation_id"
    f" LEFT JOIN session s ON s.access_hash = ?{_OF_SESSION} ORDER BY g.id"
)
_GRANTS = (
    f"SELECT g.role, {_NODE} FROM staff_grant g JOIN organisation n ON n.id = g.organisation_id"
    " WHERE g.staff_id = ? ORDER BY g.id"
)


async def asking(
    token: str | None,
    storefront_key: str | None,
    now: datetime,
    freshness: Freshness,
    second_factor_roles: frozenset[Role] = frozenset(),
) -> tuple[Actor, Origin | None]:
    """The actor whose bearer token this is, with all that was granted, and where the request comes from.

    One statement for whoever has signed in; how fresh answers to the request must be becomes known by it.

    Raises: NotSignedIn for a key that no storefront in use has, and a token that is unknown, expired or
    revoked.
    """
    if not token or not storefront_key or _is_clients(token):
        origin = await _origin(storefront_key, freshness) if storefront_key else None
        if not token:
            return Actor(), origin
        return await _actor(token, now, freshness, second_factor_roles), origin
    found = await first_records(freshness, _BY_BOTH, storefront_key, token_hash(token))
    first_of_session = 1 + _ORIGIN_COLUMNS
    origin = _origin_of(*found[0][1:first_of_session])
    session = [row[first_of_session:] for row in found]
    return _signed_in(session, now, second_factor_roles), origin


async def actor_by_id(
    kind: ActorKind, actor_id: int | None, second_factor_roles: frozenset[Role] = frozenset()
) -> Actor:
    """Whoever asked for something to be done later, with the rights that they have by now.

    Raises: NotSignedIn for one who is no longer active.
    """
    if kind is ActorKind.SYSTEM:
        return SYSTEM
    if kind is ActorKind.API_CLIENT and (found := await records(_CLIENT_BY_ID, actor_id)):
        return _client_of(*found[0])
    if kind is ActorKind.STAFF and await records(_ACTIVE_STAFF, actor_id):
        grants, lacks = await _granted_to_staff(actor_id or 0, second_factor_roles)
        return Actor(kind, actor_id, grants, lacks_second_factor=lacks)
    raise NotSignedIn("This account is no longer active.")


def _is_clients(token: str) -> bool:
    return token.startswith(f"{API_CLIENT_PREFIX}_")


async def _actor(
    token: str, now: datetime, freshness: Freshness, second_factor_roles: frozenset[Role]
) -> Actor:
    hashed = token_hash(token)
    if not _is_clients(token):
        found = await first_records(freshness, _BY_TOKEN, hashed)
        return _signed_in([row[1:] for row in found], now, second_factor_roles)
    if not (found := await first_records(freshness, _CLIENT, hashed, hashed, hashed)):
        raise NotSignedIn("This token is not known.")
    until, active, *client = found[0][1:]
    if not active:
        raise NotSignedIn("This API client was revoked.")
    if until and moment(until) <= now:
        raise NotSignedIn("This secret was replaced by another.")
    return _client_of(*client)


def _client_of(client_id: int, scopes: Any, *node: Any) -> Actor:
    granted = _granted(Node(*node), map(Permission, parsed(scopes)))
    return Actor(ActorKind.API_CLIENT, client_id, (granted,))


def _signed_in(
    found: Sequence[Sequence[Any]], now: datetime, second_factor_roles: frozenset[Role]
) -> Actor:
    """The actor of a session, which has a row for each of its grants."""
    if not found or found[0][0] is None:
        raise NotSignedIn("This token is not known.")
    session_id, kind, subject_id, revoked_at, expires_at, confirmed_at, *account = found[0][
        :_SESSION_COLUMNS
    ]
    active, second_factor_at, merchant_id = account
    if revoked_at or moment(expires_at) <= now:
        raise NotSignedIn("Your sign-in has expired.")
    if kind == SubjectKind.STAFF and not active:
        raise NotSignedIn("This account is no longer active.")
    granted = [each[_SESSION_COLUMNS:] for each in found]
    grants = tuple(_role(Role(role), Node(*node)) for role, *node in granted if role)
    lacks = not second_factor_at and _ask_for_second_factor(grants, second_factor_roles)
    confirmed = moment(confirmed_at) if confirmed_at else None
    held = () if lacks else grants
    return Actor(ActorKind(kind), subject_id, held, session_id, lacks, confirmed, merchant_id)


async def become(ctx: Context, kind: SubjectKind, subject_id: int, tokens: Tokens) -> None:
    """Make the request that of somebody who has just signed in with it, as far as its merchant knows them."""
    grants: tuple[GrantedNode, ...] = ()
    lacks = False
    if kind is SubjectKind.STAFF:
        roles = ctx.settings.roles_with_second_factor
        grants, lacks = await _granted_to_staff(subject_id, roles)
    actor = Actor(
        ActorKind(kind),
        subject_id,
        grants,
        tokens.session_id,
        lacks,
        tokens.confirmed_at,
        await _merchant_of_member(subject_id) if kind is SubjectKind.MEMBER else None,
    )
    if ctx.storefront_id is None:
        ctx.merchant_id = merchant_of(actor, None) or ctx.merchant_id
    ctx.actor = actor.within(ctx.merchant_id)


def _ask_for_second_factor(grants: Sequence[GrantedNode], roles: frozenset[Role]) -> bool:
    return bool(roles) and any(grant.role in roles for grant in grants)


async def _origin(storefront_key: str, freshness: Freshness) -> Origin:
    found = await first_records(freshness, _STOREFRONT, storefront_key)
    return _origin_of(*(found[0][1:] if found else [None] * _ORIGIN_COLUMNS))


def _origin_of(storefront_id: int | None, active: Any, channel: str, *node: Any) -> Origin:
    if storefront_id is None:
        raise NotSignedIn("This X-Storefront-Key is not known.")
    if not active:
        raise NotSignedIn("This storefront is switched off.")
    return Origin(storefront_id, Channel(channel), Node(*node))


def merchant_of(actor: Actor, origin: Origin | None) -> int | None:
    """The merchant of the storefront, else the one that the actor belongs to, the oldest of several.

    The actor of the request is then the one `within` it.
    """
    if origin and (merchant_id := origin.node.owner):
        return merchant_id
    merchants = (actor.merchant_id, *(grant.merchant_id for grant in actor.grants))
    return min((each for each in merchants if each is not None), default=None)


def store_node_of(actor: Actor, origin: Origin | None) -> int | None:
    """The place of the storefront, else the one node that a member of staff works at, if it is one."""
    if origin and origin.node.kind in (OrganisationKind.STORE, OrganisationKind.WAREHOUSE):
        return origin.node.id
    nodes = {grant.organisation_id for grant in actor.grants}
    return nodes.pop() if actor.kind is ActorKind.STAFF and len(nodes) == 1 else None


async def oldest_merchant() -> int | None:
    return await _oldest(OrganisationKind.MERCHANT)


async def platform() -> int | None:
    return await _oldest(OrganisationKind.PLATFORM)


async def first_merchant() -> int | None:
    """The oldest merchant; before there is one, the platform sells for itself."""
    return await oldest_merchant() or await platform()


def channel_of(origin: Origin | None) -> Channel:
    return origin.channel if origin else Channel.PC


async def _merchant_of_member(member_id: int) -> int | None:
    found = await records("SELECT merchant_id FROM member WHERE id = ?", member_id)
    return found[0][0] if found else None


async def _granted_to_staff(
    staff_id: int, second_factor_roles: frozenset[Role]
) -> tuple[tuple[GrantedNode, ...], bool]:
    """What a member of staff may do, and whether that is nothing because they lack a second factor."""
    found = await records(_GRANTS, staff_id)
    grants = tuple(_role(Role(role), Node(*node)) for role, *node in found)
    asked = _ask_for_second_factor(grants, second_factor_roles)
    lacks = asked and not await records(_HAS_SECOND_FACTOR, staff_id)
    return () if lacks else grants, lacks


def _role(role: Role, node: Node) -> GrantedNode:
    return _granted(node, ROLE_PERMISSIONS[role], role)


def _granted(
    node: Node, permissions: Iterable[Permission], role: Role | None = None
) -> GrantedNode:
    return GrantedNode(node.id, node.path, frozenset(permissions), role, node.owner)


async def _oldest(kind: OrganisationKind) -> int | None:
    statement = "SELECT id FROM organisation WHERE kind = ? ORDER BY id LIMIT 1"
    found = await records(statement, str(kind))
    return found[0][0] if found else None
