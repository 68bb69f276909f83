"""Who pays for an operation, and how much each kind of caller may spend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from gateways import Bucket
from models.text.client_addresses import client_of
from resolvers.context import ActorKind, Context
from settings import Settings

# Of what is paid before it is known who asks: it is taken from no operation's bucket.
BODIES = "BODIES"


@dataclass(frozen=True, slots=True, eq=False)
class Allowance:
    """What one kind of caller may spend on one operation, and over time; 0 or None: as much as it likes."""

    name: str
    limit: int = 0
    bucket: Bucket | None = None

    @property
    def policy(self) -> str:
        """The value of `RateLimit-Policy`."""
        if self.bucket is None:
            return ""
        seconds = max(1, round(self.bucket.capacity / self.bucket.restore_rate))
        return f'"{self.name}";q={self.bucket.capacity};qu="cost";w={seconds}'


class Caller(NamedTuple):
    """`key`: the bucket of an operation; `address`: whose bucket it is taken from as well."""

    key: str
    allowance: Allowance
    address: Caller | None = None


Allowances = dict[ActorKind, Allowance]


def allowances_of(settings: Settings) -> Allowances:
    kinds = {
        ActorKind.ANONYMOUS: (settings.cost_limit_anonymous, settings.cost_restore_anonymous),
        ActorKind.GUEST: (settings.cost_limit_guest, settings.cost_restore_guest),
        ActorKind.MEMBER: (settings.cost_limit_member, settings.cost_restore_member),
        ActorKind.STAFF: (settings.cost_limit_staff, settings.cost_restore_staff),
        ActorKind.API_CLIENT: (settings.cost_limit_api_client, settings.cost_restore_api_client),
        ActorKind.SYSTEM: (0, 0),
    }
    return {
        kind: Allowance(
            kind.lower(), limit, _bucket(limit, rate * settings.cost_burst_seconds, rate)
        )
        for kind, (limit, rate) in kinds.items()
    }


def _bucket(limit: int, capacity: int, rate: int) -> Bucket | None:
    """A bucket holds the costliest operation at least."""
    return Bucket(max(capacity, limit), rate) if capacity else None


def callers(allowances: Allowances) -> Callable[[Context], Caller]:
    """Who is signed in pays by who they are, visitors by their address.

    A guest does both, since anybody may begin any number of visits.
    """
    visitor_of = visitors(allowances)

    def caller_of(ctx: Context) -> Caller:
        actor = ctx.actor
        if actor.kind is ActorKind.ANONYMOUS:
            return visitor_of(ctx.remote_address)
        address = visitor_of(ctx.remote_address) if actor.kind is ActorKind.GUEST else None
        return Caller(actor.key, allowances[actor.kind], address)

    return caller_of


def visitors(allowances: Allowances, bucket: str = ActorKind.ANONYMOUS) -> Callable[[str], Caller]:
    """Whoever is at an address, before it is known who that is; `bucket`: for what they pay."""

    @lru_cache(maxsize=10_000)
    def visitor(address: str) -> Caller:
        key = f"{bucket}:{client_of(address)}"
        return Caller(key, allowances[ActorKind.ANONYMOUS])

    return visitor
