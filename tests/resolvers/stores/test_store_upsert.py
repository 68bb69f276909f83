from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from models.accounts.organisations import Organisation, OrganisationKind
from models.database import transaction
from models.errors import NotSignedIn
from models.outbox import OutboxEvent
from models.stores.coordinates import CoordinateSystem
from models.stores.hours import Weekday
from models.stores.locations import Location, LocationKind, StoreService
from resolvers.accounts.organisations.organisations import (
    OrganisationDraft,
    create_below,
    visible_by_ids,
)
from resolvers.bulk_rows import OnError
from resolvers.context import Actor, Context
from resolvers.stores.addresses import AddressDraft, PointDraft
from resolvers.stores.drafts import HoursDraft, StoreDraft
from resolvers.stores.locations import position_of
from resolvers.stores.upsert import upsert
from tests.make.goods import a_merchant, a_store, a_visitor, erp_of, open_stores

BAIDU = PointDraft(41.77968209, 123.3619643, CoordinateSystem.BD09)
DAY = [HoursDraft(Weekday.MONDAY, "08:00", "22:00")]


def a_full_store(**changes: Any) -> StoreDraft:
    given: dict[str, Any] = {
        "position": BAIDU,
        "phone": "024-12345678",
        "hours": DAY,
        "services": [StoreService.PICKUP],
        "delivery_radius_metres": 3000,
    }
    return a_store("S1", **{**given, **changes})


async def node_of(code: str) -> Organisation:
    return await Organisation.get(code=code)


async def below(parent: Organisation, code: str, kind: OrganisationKind) -> Organisation:
    return await transaction(
        create_below, parent, OrganisationDraft(code=code, name=code, kind=kind)
    )


async def test_a_store_has_its_own_node_and_both_positions(ctx: Context) -> None:
    outcome = await open_stores(ctx, a_full_store())
    assert (outcome.created, outcome.updated) == (1, 0)
    store, node = await Location.get(code="S1"), await node_of("S1")
    assert (node.kind, node.parent_id) == (OrganisationKind.STORE, ctx.merchant_id)
    assert node.path.endswith(f"/{node.id}/")
    assert (store.organisation_id, store.merchant_id) == (node.id, ctx.merchant_id)
    assert (store.latitude, store.coordinate_system) == (41.77968209, CoordinateSystem.BD09)
    assert store.latitude_wgs84 == pytest.approx(41.7709257, abs=2e-5)
    assert store.longitude_wgs84 == pytest.approx(123.3495256, abs=2e-5)
    exact = position_of(store, CoordinateSystem.BD09)
    assert exact is not None
    assert exact.longitude == 123.3619643


async def test_the_same_again_changes_nothing_and_tells_nobody(ctx: Context) -> None:
    await open_stores(ctx, a_full_store(), a_store("S2"))
    before = await Location.get(code="S1")
    again = await open_stores(ctx, a_full_store(), a_store("S2"))
    assert (again.created, again.updated) == (0, 0)
    assert (await Location.get(code="S1")).updated_at == before.updated_at
    assert await OutboxEvent.filter(topic="store.changed").count() == 2


async def test_what_is_left_out_stays_and_null_empties(ctx: Context) -> None:
    await open_stores(ctx, a_full_store())
    await open_stores(ctx, a_store("S1", name="新名", delivery_radius_metres=None))
    store = await Location.get(code="S1")
    assert (store.name, (await node_of("S1")).name) == ("新名", "新名")
    assert (store.phone, store.services, store.latitude) == (
        "024-12345678",
        ["PICKUP"],
        41.77968209,
    )
    assert len(store.hours) == 1
    assert store.delivery_radius_metres is None
    await open_stores(ctx, a_store("S1", position=None, phone=None, hours=[]))
    store = await Location.get(code="S1")
    assert (store.latitude, store.latitude_wgs84, store.phone, store.hours) == (
        None,
        None,
        None,
        [],
    )


async def test_services_unless_given_fit_the_kind(ctx: Context) -> None:
    await open_stores(ctx, a_store("S1"), a_store("W1", kind=LocationKind.WAREHOUSE))
    assert (await Location.get(code="S1")).services == ["PICKUP", "DELIVERY", "CARRY_OUT"]
    assert (await Location.get(code="W1")).services == ["DELIVERY"]


async def test_a_store_stands_below_the_node_asked_for_or_is_its_node(ctx: Context) -> None:
    merchant = await a_merchant("CHAIN")
    region = await below(merchant, "NORTH", OrganisationKind.REGION)
    ready = await below(region, "S2", OrganisationKind.STORE)
    erp = erp_of(ctx, merchant)
    rows = [
        a_store("S1", organisation_code="NORTH"),
        a_store("S2", organisation_code="S2"),
        a_store("S3"),
    ]
    await open_stores(erp, *rows)
    assert (await node_of("S1")).parent_id == region.id
    assert (await Location.get(code="S2")).organisation_id == ready.id
    assert (await node_of("S3")).parent_id == merchant.id
    again = await open_stores(erp, *rows)
    assert (again.created, again.updated) == (0, 0)
    outcome = await upsert(erp, [a_store("S2", organisation_code="S1")])
    assert [refusal.path[2:] for refusal in outcome.refusals] == [("organisationCode",)]


async def test_a_region_opens_stores_below_itself_alone(ctx: Context) -> None:
    merchant = await a_merchant("CHAIN")
    region = await below(merchant, "NORTH", OrganisationKind.REGION)
    await below(merchant, "SOUTH", OrganisationKind.REGION)
    erp = erp_of(ctx, region)
    await open_stores(erp, a_store("S1"))
    assert (await node_of("S1")).parent_id == region.id
    for code in ("CHAIN", "SOUTH"):
        outcome = await upsert(erp, [a_store("S2", organisation_code=code)])
        assert [refusal.code for refusal in outcome.refusals] == ["NOT_FOUND"]
    assert not await Location.filter(code="S2").exists()


async def test_another_merchants_store_cannot_be_touched(ctx: Context) -> None:
    ours, theirs = await a_merchant("OURS"), await a_merchant("THEIRS")
    await open_stores(erp_of(ctx, ours), a_store("S1"))
    outcome = await upsert(erp_of(ctx, theirs), [a_store("S1", name="抢")])
    assert [refusal.code for refusal in outcome.refusals] == ["DUPLICATE"]
    outcome = await upsert(erp_of(ctx, theirs), [a_store("S2", organisation_code="OURS")])
    assert [refusal.code for refusal in outcome.refusals] == ["NOT_FOUND"]
    assert (await Location.get(code="S1")).name == "S1店"
    with pytest.raises(NotSignedIn):
        await upsert(a_visitor(ctx), [a_store("S3")])


NAN, INFINITY = float("nan"), float("inf")
FAULTS: list[tuple[StoreDraft, tuple[str | int, ...]]] = [
    (a_store("a b"), ("code",)),
    (a_store("S", name=""), ("name",)),
    (a_store("S", address=AddressDraft(street=" ")), ("address", "street")),
    (a_store("S", address=AddressDraft(street="x", city="c" * 65)), ("address", "city")),
    (a_store("S", (91, 0)), ("position", "latitude")),
    (a_store("S", (0, NAN)), ("position", "longitude")),
    (a_store("S", (INFINITY, 0)), ("position", "latitude")),
    (a_store("S", phone="1" * 33), ("phone",)),
    (a_store("S", delivery_radius_metres=-1), ("deliveryRadiusMetres",)),
    (a_store("S", delivery_radius_metres=2**31), ("deliveryRadiusMetres",)),
    (a_store("S", hours=[HoursDraft(Weekday.MONDAY, "25:00", "26:00")]), ("hours", 0, "opens")),
    (a_store("S", hours=DAY * 51), ("hours",)),
    (a_store("S", organisation_code="NOWHERE"), ("organisationCode",)),
    (a_store("S", organisation_code="\0"), ("organisationCode",)),
    (a_store("PLATFORM"), ("code",)),
]


@pytest.mark.parametrize(("draft", "path"), FAULTS, ids=lambda value: str(value)[-40:])
async def test_each_fault_is_named_and_nothing_is_there(
    ctx: Context, draft: StoreDraft, path: tuple[str | int, ...]
) -> None:
    outcome = await upsert(ctx, [a_store("S0"), draft])
    assert [refusal.path for refusal in outcome.refusals] == [("stores", 1, *path)]
    assert await Location.all().count() == 0
    assert not await Organisation.filter(kind=OrganisationKind.STORE).exists()


async def test_skipping_and_rehearsing(ctx: Context) -> None:
    rows = [a_store("S1"), a_store("S2", name=""), a_store("S1")]
    dry = await upsert(ctx, rows, OnError.SKIP_FAILED, dry_run=True)
    assert dry.created == 1
    assert await Location.all().count() == 0
    done = await upsert(ctx, rows, OnError.SKIP_FAILED)
    assert (done.created, [row.ok for row in done.rows]) == (1, [True, False, False])
    assert [each.code for each in await Location.all()] == ["S1"]


async def test_the_same_batch_from_many_sides_at_once_makes_one_of_each(ctx: Context) -> None:
    rows = [a_full_store(), *(a_store(f"T{number}") for number in range(9))]
    outcomes = await asyncio.gather(*(upsert(ctx, rows) for _ in range(6)))
    assert sum(outcome.created for outcome in outcomes) == 10
    assert sum(outcome.updated for outcome in outcomes) == 0
    assert await Location.all().count() == 10
    assert await Organisation.filter(kind=OrganisationKind.STORE).count() == 10


async def test_of_two_merchants_who_open_the_same_code_at_once_one_gets_it(ctx: Context) -> None:
    sides = [erp_of(ctx, await a_merchant(code)) for code in ("EAST", "WEST")]
    outcomes = await asyncio.gather(*(upsert(side, [a_store("S1")]) for side in sides))
    assert sorted(outcome.created for outcome in outcomes) == [0, 1]
    assert [each.code for outcome in outcomes for each in outcome.refusals] == ["DUPLICATE"]


async def test_a_warehouse_has_a_node_of_its_own_kind_that_customers_do_not_see(
    ctx: Context,
) -> None:
    await open_stores(ctx, a_store("S1"), a_store("W1", kind=LocationKind.WAREHOUSE))
    nodes = {node.code: node for node in await Organisation.filter(code__in=["S1", "W1"])}
    assert nodes["S1"].kind is OrganisationKind.STORE
    assert nodes["W1"].kind is OrganisationKind.WAREHOUSE
    ids = [node.id for node in nodes.values()]
    stranger = replace(ctx, actor=Actor())
    assert set(await visible_by_ids(stranger, ids)) == {nodes["S1"].id}
