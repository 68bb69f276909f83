"""Who pays for an operation."""

from __future__ import annotations

from typing import Any, cast

from gateways import Bucket
from resolvers.context import Actor, ActorKind
from schema.cost.callers import Caller, allowances_of, callers, visitors
from schema.transport.rate_limit_headers import rate_limit
from settings import Settings

SETTINGS = Settings(cost_limit_member=7, cost_restore_member=3, cost_restore_staff=0)


class Request:
    """What of a context says who pays."""

    def __init__(self, actor: Actor, remote_address: str = "192.0.2.7") -> None:
        self.actor = actor
        self.remote_address = remote_address


CALLER_OF = callers(allowances_of(SETTINGS))


def caller(actor: Actor, address: str = "192.0.2.7") -> Caller:
    return CALLER_OF(cast("Any", Request(actor, address)))


def key(actor: Actor, address: str = "192.0.2.7") -> str:
    return caller(actor, address).key


def test_visitors_pay_by_their_address_whatever_visit_they_are_on() -> None:
    assert key(Actor()) == key(Actor()) != key(Actor(), "192.0.2.8")
    assert visitors(allowances_of(SETTINGS))("192.0.2.7").key == key(Actor())
    one, other = (caller(Actor(ActorKind.GUEST, number)) for number in (1, 2))
    assert one.key != other.key
    assert one.address == other.address == caller(Actor())


def test_who_is_signed_in_pays_wherever_they_are() -> None:
    member = Actor(ActorKind.MEMBER, 1)
    assert caller(member) == caller(member, "192.0.2.8")
    assert caller(member).address is None
    assert key(member) != key(Actor(ActorKind.STAFF, 1))
    assert key(member) != key(Actor(ActorKind.MEMBER, 2))


def test_each_kind_of_caller_has_its_own_limits() -> None:
    allowances = allowances_of(SETTINGS)
    assert set(allowances) == set(ActorKind)
    member = allowances[ActorKind.MEMBER]
    assert (member.limit, member.bucket) == (7, Bucket(30, 3))
    assert allowances[ActorKind.STAFF].bucket is None
    assert (allowances[ActorKind.SYSTEM].limit, allowances[ActorKind.SYSTEM].bucket) == (0, None)


def test_a_bucket_holds_the_costliest_operation_at_least() -> None:
    allowances = allowances_of(Settings(cost_limit_member=1_000, cost_restore_member=3))
    assert allowances[ActorKind.MEMBER].bucket == Bucket(1_000, 3)


def test_no_burst_is_no_bucket() -> None:
    allowances = allowances_of(Settings(cost_burst_seconds=0))
    assert {each.bucket for each in allowances.values()} == {None}
    assert rate_limit(allowances[ActorKind.MEMBER], -1) == ()


def test_what_is_left_is_said_as_the_draft_writes_it() -> None:
    member = allowances_of(SETTINGS)[ActorKind.MEMBER]
    assert rate_limit(member, 10) == (
        (b"ratelimit-policy", b'"member";q=30;qu="cost";w=10'),
        (b"ratelimit", b'"member";r=10;t=7'),
    )
    assert rate_limit(member, 30)[1] == (b"ratelimit", b'"member";r=30;t=0')
