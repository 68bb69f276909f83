"""Stores that are sent with another organisation: they move there, as `organisationUpsert` moves them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.database import transaction
from models.outbox import OutboxEvent
from models.stores.locations import Location
from resolvers.accounts.organisations import organisations
from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.stores.upsert import upsert
from tests.make.goods import a_merchant, a_store, erp_of, open_stores
from tests.make.statements import counting


@dataclass
class Tree:
    chain: Organisation
    other: Organisation
    north: Organisation
    south: Organisation


async def region(parent: Organisation, code: str) -> Organisation:
    draft = OrganisationDraft(code=code, name=code, kind=OrganisationKind.REGION)
    return await transaction(create_below, parent, draft)


@pytest.fixture
async def tree(ctx: Context) -> Tree:
    """CHAIN → NORTH → S1, CHAIN → SOUTH, and another merchant."""
    chain = await a_merchant("CHAIN")
    north, south = await region(chain, "NORTH"), await region(chain, "SOUTH")
    await open_stores(erp_of(ctx, chain), a_store("S1", organisation_code="NORTH"))
    return Tree(chain, await a_merchant("OTHER"), north, south)


def holding(
    ctx: Context,
    *nodes: Organisation,
    kind: ActorKind = ActorKind.API_CLIENT,
    permissions: frozenset[Permission] = ROLE_PERMISSIONS[Role.ADMIN],
) -> Context:
    grants = tuple(GrantedNode(node.id, node.path, permissions) for node in nodes)
    return replace(ctx, actor=Actor(kind, 1, grants), merchant_id=nodes[0].merchant_key, memory={})


async def told_since(count: int) -> list[tuple[str, str, int]]:
    events = (await OutboxEvent.all().order_by("id"))[count:]
    return [(each.topic, each.node_type, each.node_id) for each in events]


async def test_another_organisation_moves_a_store_and_the_feed_tells(
    ctx: Context, tree: Tree
) -> None:
    erp = erp_of(ctx, tree.chain)
    await open_stores(erp, *(a_store(code, organisation_code="NORTH") for code in ("S2", "S3")))
    store, told = await Location.get(code="S1"), await OutboxEvent.all().count()
    with counting() as one:
        moved = await open_stores(erp, a_store("S1", organisation_code="SOUTH"))
    assert (moved.created, moved.updated) == (0, 1)
    node = await Organisation.get(code="S1")
    assert (node.parent_id, node.path) == (tree.south.id, f"{tree.south.path}{node.id}/")
    assert (await Location.get(code="S1")).organisation_id == store.organisation_id
    assert await told_since(told) == [("store.changed", "Store", store.id)]
    with counting() as two:
        rows = [a_store(code, organisation_code="SOUTH") for code in ("S1", "S2", "S3")]
        assert (await open_stores(erp, *rows)).updated == 2
    assert len(two) == len(one)  # however many move
    for code in ("S2", "S3"):
        assert (await Organisation.get(code=code)).path.startswith(tree.south.path)
    with counting():
        again = await open_stores(erp, *rows)
    assert (again.created, again.updated) == (0, 0)
    assert len(await told_since(told)) == 3


async def test_a_move_needs_the_rights_of_a_move_at_both_places(ctx: Context, tree: Tree) -> None:
    before, told = await Organisation.get(code="S1"), await OutboxEvent.all().count()
    keeper = holding(ctx, tree.chain, permissions=frozenset({Permission.STORE_WRITE}))
    for who, code, expected in (
        (holding(ctx, tree.north), "SOUTH", "NOT_FOUND"),
        (keeper, "SOUTH", "NOT_FOUND"),
        (holding(ctx, before, tree.south), "SOUTH", "INVALID"),  # not theirs to take from NORTH
        (holding(ctx, tree.chain, tree.other), "OTHER", "INVALID"),
        (holding(ctx, tree.chain, kind=ActorKind.STAFF), "SOUTH", "CONFIRMATION_REQUIRED"),
    ):
        rows = [a_store("S1", name="new", organisation_code=code)]
        (refusal,) = (await upsert(who, rows)).refusals
        assert (refusal.code, refusal.path[:2]) == (expected, ("stores", 0)), code
    after = await Organisation.get(code="S1")
    assert (after.parent_id, after.path, after.name) == (before.parent_id, before.path, before.name)
    assert await told_since(told) == []
    same = await upsert(keeper, [a_store("S1", name="new", organisation_code="NORTH")])
    assert (same.refusals, same.updated) == ([], 1)  # who keeps stores keeps them where they are
    fresh = holding(ctx, tree.chain, kind=ActorKind.STAFF)
    fresh = replace(fresh, actor=replace(fresh.actor, confirmed_at=ctx.now()))
    assert (await upsert(fresh, [a_store("S1", organisation_code="SOUTH")])).updated == 1


async def test_the_feed_tells_of_each_store_below_a_node_that_moves(
    ctx: Context, tree: Tree
) -> None:
    erp = erp_of(ctx, tree.chain)
    await open_stores(erp, a_store("S2", organisation_code="SOUTH"))
    store, told = await Location.get(code="S1"), await OutboxEvent.all().count()
    draft = OrganisationDraft(
        code="NORTH", name="NORTH", kind=OrganisationKind.REGION, parent_code="SOUTH"
    )
    await organisations.upsert(erp, draft)
    assert await told_since(told) == [("store.changed", "Store", store.id)]
    await organisations.upsert(erp, draft)  # it stands there already
    assert len(await told_since(told)) == 1
