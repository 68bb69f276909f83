"""Who asks, through which channel, and what the use cases may use to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models.accounts.channels import Channel
from models.accounts.roles import Permission, Role
from models.read_consistency import NOT_AT_ALL, Freshness
from settings import Settings

if TYPE_CHECKING:
    from gateways import Gateways


class ActorKind(StrEnum):
    ANONYMOUS = "ANONYMOUS"
    GUEST = "GUEST"
    MEMBER = "MEMBER"
    STAFF = "STAFF"
    API_CLIENT = "API_CLIENT"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class GrantedNode:
    """Rights on a node of the organisation tree and on all below it; `path` is the node's.

    `merchant_id` is the merchant that the node belongs to, None for the platform itself.
    """

    organisation_id: int
    path: str
    permissions: frozenset[Permission]
    role: Role | None = None
    merchant_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: `id` is the row of its kind; `session_id` is set for those who signed in.

    `merchant_id` is the merchant whose member this is; None for everybody else.
    `confirmed_at` is when staff last showed their password and second factor in this session.
    Staff who lack the second factor that their roles ask for are granted nothing until they set it.
    """

    kind: ActorKind = ActorKind.ANONYMOUS
    id: int | None = None
    grants: tuple[GrantedNode, ...] = ()
    session_id: int | None = None
    lacks_second_factor: bool = False
    confirmed_at: datetime | None = None
    merchant_id: int | None = None

    @property
    def key(self) -> str:
        """`"MEMBER:7"`: who this is, across tables."""
        return f"{self.kind}:{self.id}"

    @property
    def is_customer(self) -> bool:
        return self.kind in (ActorKind.GUEST, ActorKind.MEMBER)

    def within(self, merchant_id: int | None) -> Actor:
        """Who this is in a request about a merchant, which says nothing of what they are elsewhere.

        Staff and machines hold what is granted in the merchant or on the platform. Another merchant's member
        is a visitor, who can only sign out.
        """
        if self.kind is ActorKind.MEMBER and self.merchant_id != merchant_id:
            return Actor(session_id=self.session_id)
        granted = tuple(each for each in self.grants if each.merchant_id in (None, merchant_id))
        return self if len(granted) == len(self.grants) else replace(self, grants=granted)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller may do somewhere in the merchant of the request, once `within` it."""
        if self.kind is ActorKind.SYSTEM:
            return frozenset(Permission)
        return frozenset().union(*(grant.permissions for grant in self.grants))


SYSTEM = Actor(ActorKind.SYSTEM)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Context:
    """One request (or one job): everything a use case knows besides its input.

    `merchant_id` is whose goods and stores the request is about; None where that cannot be told.
    `store_node_id` is the node of the store that it comes from, where it comes from one. `storefront_id` and
    `device` say by which client application it came and what that calls itself (User-Agent).
    `memory` is for what one request need not ask twice; loaders live there. `freshness` says since when the
    answers to a query may hold.
    """

    settings: Settings
    gateways: Gateways
    actor: Actor = field(default_factory=Actor)
    channel: Channel = Channel.PC
    merchant_id: int | None = None
    store_node_id: int | None = None
    language: str = "en"
    request_id: str = "-"
    remote_address: str = ""
    storefront_id: int | None = None
    device: str = ""
    clock: Callable[[], datetime] = utc_now
    memory: dict[Any, Any] = field(default_factory=dict)
    freshness: Freshness = field(default_factory=Freshness)

    def now(self) -> datetime:
        """The moment; what is answered by it is not kept. See `resolvers.cacheable_now`."""
        self.freshness.holds_until = NOT_AT_ALL
        return self.clock()

    def holds_until(self, end: datetime) -> None:
        """Something of the answer may be another from then on."""
        self.freshness.holds_until = min(self.freshness.holds_until, end)

    @property
    def member_id(self) -> int | None:
        return self.actor.id if self.actor.kind is ActorKind.MEMBER else None

    @property
    def guest_id(self) -> int | None:
        return self.actor.id if self.actor.kind is ActorKind.GUEST else None

    @property
    def staff_id(self) -> int | None:
        return self.actor.id if self.actor.kind is ActorKind.STAFF else None
