"""Each door lets in exactly whom it names, before anything of the use case runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateways import Gateways
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.errors import ConfirmationRequired, NotSignedIn, PermissionDenied
from resolvers import permissions as doors
from resolvers.context import SYSTEM, Actor, ActorKind, Context, GrantedNode
from settings import Settings

READ, WRITE, SERVE = Permission.STOCK_READ, Permission.STAFF_WRITE, Permission.CART_SERVE
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHAIN = GrantedNode(2, "1/2/", frozenset({READ}), merchant_id=2)
STORE = GrantedNode(5, "1/2/5/", frozenset({READ}), merchant_id=2)

VISITOR, GUEST, MEMBER, STAFF, READER, CASHIER, CLIENT = (
    Actor(),
    Actor(ActorKind.GUEST, 1),
    Actor(ActorKind.MEMBER, 1),
    Actor(ActorKind.STAFF, 1),
    Actor(ActorKind.STAFF, 1, (CHAIN,)),
    Actor(ActorKind.STAFF, 1, (replace(CHAIN, permissions=frozenset({SERVE})),)),
    Actor(ActorKind.API_CLIENT, 1, (CHAIN,)),
)
EVERYBODY = {
    "visitor": VISITOR, "guest": GUEST, "member": MEMBER, "staff": STAFF, "reader": READER,
    "cashier": CASHIER, "client": CLIENT, "system": SYSTEM,
}  # fmt: skip
# Each door is made when it is tested, and whom it lets in.
ENTERING: dict[str, tuple[Callable[[], Callable[..., Any]], set[str]]] = {
    "requires": (lambda: doors.requires(READ), {"reader", "client", "system"}),
    "staff": (lambda: doors.for_staff, {"staff", "reader", "cashier"}),
    "customers": (lambda: doors.for_customers, {"guest", "member"}),
    "members": (lambda: doors.for_members, {"member"}),
    "members or": (lambda: doors.for_members_or(READ), {"member", "reader", "client", "system"}),
    "shoppers": (lambda: doors.for_shoppers, {"guest", "member", "cashier", "system"}),
    "anyone": (lambda: doors.for_anyone, set(EVERYBODY)),
}


def by(actor: Actor) -> Context:
    settings = Settings(database_url="sqlite://:memory:", confirmation_minutes=10)
    gateways: Gateways = None  # type: ignore[assignment]
    return Context(
        settings=settings, gateways=gateways, actor=actor, merchant_id=2, clock=lambda: NOON
    )


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("door", ENTERING)
async def test_a_door_admits_whom_it_names_and_runs_nothing_for_others(
    door: str, name: str
) -> None:
    decorator, admitted = ENTERING[door]
    entered: list[Any] = []

    @decorator()
    async def use_case(ctx: Context, *arguments: Any, **options: Any) -> str:
        entered.append((ctx.actor, arguments, options))
        return "done"

    ctx = by(EVERYBODY[name])
    if name in admitted:
        assert await use_case(ctx, 1, two=2) == "done"
        assert entered == [(ctx.actor, (1,), {"two": 2})]
        return
    refusal = NotSignedIn if name == "visitor" else PermissionDenied
    with pytest.raises(refusal):
        await use_case(ctx, 1, two=2)
    assert entered == []


@pytest.mark.parametrize(
    ("door", "admits"),
    [
        ("requires", READ),
        ("staff", "STAFF"),
        ("customers", "CUSTOMER"),
        ("members", "MEMBER"),
        ("members or", f"MEMBER or {READ}"),
        ("shoppers", "SHOPPER"),
        ("anyone", "ANYONE"),
    ],
)
def test_a_door_says_whom_it_admits(door: str, admits: str) -> None:
    async def use_case(ctx: Context) -> None:
        """Do something."""

    decorated = ENTERING[door][0]()(use_case)
    assert decorated.admits == admits
    assert decorated.__doc__ == use_case.__doc__


@pytest.mark.parametrize(
    ("actor", "sentence"),
    [
        (STAFF, "This needs the permission {permission}."),
        (
            replace(STAFF, lacks_second_factor=True),
            "Set a second factor first: your role asks for one.",
        ),
    ],
)
def test_a_refusal_says_what_is_missing(actor: Actor, sentence: str) -> None:
    with pytest.raises(PermissionDenied) as refused:
        doors.refuse_without(by(actor), READ)
    assert refused.value.template == sentence


@pytest.mark.parametrize(
    ("actor", "ago", "may_go_on"),
    [
        (STAFF, None, False),
        (STAFF, timedelta(0), True),
        (STAFF, timedelta(minutes=10), True),
        (STAFF, timedelta(minutes=10, microseconds=1), False),
        (CLIENT, None, True),
        (SYSTEM, None, True),
    ],
)
async def test_staff_go_on_only_while_their_confirmation_is_fresh(
    actor: Actor, ago: timedelta | None, may_go_on: bool
) -> None:
    entered = []

    @doors.confirmed
    async def use_case(ctx: Context) -> None:
        entered.append(ctx)

    ctx = by(replace(actor, confirmed_at=None if ago is None else NOON - ago))
    if may_go_on:
        await use_case(ctx)
    else:
        with pytest.raises(ConfirmationRequired):
            await use_case(ctx)
    assert len(entered) == may_go_on


@pytest.mark.parametrize(
    ("actor", "permission", "path", "allowed"),
    [
        (SYSTEM, WRITE, "1/", True),
        (GUEST, READ, "1/2/", False),
        (READER, READ, "1/2/", True),
        (READER, READ, "1/2/5/", True),
        (READER, READ, "1/", False),
        (READER, READ, "1/3/", False),
        (READER, WRITE, "1/2/", False),
        (replace(STAFF, grants=(CHAIN, STORE)), READ, "1/2/7/", True),
    ],
)
def test_a_right_reaches_down_the_tree_and_nowhere_else(
    actor: Actor, permission: Permission, path: str, allowed: bool
) -> None:
    assert doors.may(by(actor), permission, path) is allowed


@pytest.mark.parametrize(
    ("actor", "permission", "whole"),
    [
        (SYSTEM, WRITE, True),
        (VISITOR, READ, False),
        (READER, READ, True),
        (READER, WRITE, False),
        (replace(STAFF, grants=(STORE,)), READ, False),
        (replace(STAFF, grants=(STORE, CHAIN)), READ, True),
    ],
)
def test_only_a_grant_on_the_merchant_itself_holds_throughout(
    actor: Actor, permission: Permission, whole: bool
) -> None:
    assert doors.throughout(by(actor), permission) is whole


@pytest.mark.parametrize(
    ("actor", "merchant_id", "works", "is_concerned"),
    [
        (SYSTEM, 3, True, True),
        (VISITOR, 2, False, True),
        (VISITOR, 3, False, False),
        (READER, 2, True, True),
        (READER, 3, False, False),
        (replace(STAFF, grants=(replace(CHAIN, merchant_id=3),)), 3, True, True),
        (replace(STAFF, grants=(replace(CHAIN, merchant_id=None),)), 3, True, True),
    ],
)
def test_a_merchant_concerns_whom_works_there_and_whom_is_asking_about_it(
    actor: Actor, merchant_id: int, works: bool, is_concerned: bool
) -> None:
    assert doors.works_for(by(actor), merchant_id) is works
    assert doors.concerns(by(actor), merchant_id) is is_concerned


async def test_a_query_is_cut_to_the_territory(ctx: Context) -> None:
    chain, other, shop = [
        await Organisation.create(code=code, name=code, kind=kind, path="")
        for code, kind in (
            ("CHAIN", OrganisationKind.MERCHANT),
            ("OTHER", OrganisationKind.MERCHANT),
            ("SHOP", OrganisationKind.STORE),
        )
    ]
    for row, path, parent in ((chain, "7/", None), (other, "77/", None), (shop, "7/9/", chain)):
        await Organisation.filter(id=row.id).update(path=path, parent_id=parent and parent.id)
    grants = {
        "chain": GrantedNode(chain.id, "7/", frozenset({READ}), merchant_id=chain.id),
        "other": GrantedNode(other.id, "77/", frozenset({WRITE}), merchant_id=other.id),
    }

    async def seen(actor: Actor, permission: Permission, node: str = "") -> set[str]:
        rows = doors.scoped(
            Organisation.filter(path__startswith="7"), replace(ctx, actor=actor), permission, node
        )
        return {row.code for row in await rows}

    both = Actor(ActorKind.STAFF, 1, tuple(grants.values()))
    assert await seen(SYSTEM, READ) == {"CHAIN", "OTHER", "SHOP"}
    assert await seen(both, READ) == {"CHAIN", "SHOP"}
    assert await seen(both, WRITE) == {"OTHER"}
    assert await seen(both, READ, "parent") == {"SHOP"}
    assert await seen(both, SERVE) == await seen(VISITOR, READ) == set()
