"""A store becomes a warehouse, or the other way round, only while nothing has happened there."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from typing import Any

import pytest
from tortoise.models import Model

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.catalog.prices import PriceList, PriceListKind
from models.errors import InvalidInput, StateConflict
from models.members.members import Member
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.outbox import OutboxEvent
from models.referrals.bindings import BindingKind, ReferralBinding
from models.referrals.share_links import ShareLink
from models.stock.documents.purchases import PurchaseOrder, SupplierReturn
from models.stock.documents.stocktakes import Stocktake
from models.stock.documents.transfers import Transfer
from models.stock.ledger import StockMovement
from models.stock.states import StockState
from models.stores.locations import Location, LocationKind, StoreService
from resolvers.accounts.organisations import organisations
from resolvers.accounts.organisations.organisations import OrganisationDraft
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.stores import kind_changes
from resolvers.stores.upsert import upsert
from settings import TORTOISE_ORM
from tests.make.goods import a_merchant, a_store, erp_of, open_stores
from tests.make.rows import a_row

STORE, WAREHOUSE = LocationKind.STORE, LocationKind.WAREHOUSE


async def kinds(code: str) -> tuple[LocationKind, OrganisationKind]:
    return (await Location.get(code=code)).kind, (await Organisation.get(code=code)).kind


@pytest.mark.parametrize(("before", "after"), [(STORE, WAREHOUSE), (WAREHOUSE, STORE)])
async def test_what_nothing_has_happened_at_changes_its_kind(
    ctx: Context, before: LocationKind, after: LocationKind
) -> None:
    await open_stores(ctx, a_store("S1", kind=before))
    outcome = await open_stores(ctx, a_store("S1", kind=after))
    assert (outcome.created, outcome.updated) == (0, 1)
    assert await kinds("S1") == (after, OrganisationKind(after))
    services = (await Location.get(code="S1")).services
    assert (StoreService.PICKUP in services) == (after is STORE)
    told = await OutboxEvent.filter(topic="store.changed").order_by("-id").first()
    assert told is not None
    assert told.node_type == after.title()
    again = await open_stores(ctx, a_store("S1", kind=after))
    assert again.updated == 0


async def test_what_says_no_kind_keeps_the_one_it_has(ctx: Context) -> None:
    await open_stores(ctx, a_store("S1"), a_store("W1", kind=WAREHOUSE))
    outcome = await open_stores(ctx, a_store("S1"), a_store("W1"))
    assert outcome.updated == 0
    assert [await kinds(code) for code in ("S1", "W1")] == [
        (STORE, OrganisationKind.STORE),
        (WAREHOUSE, OrganisationKind.WAREHOUSE),
    ]


async def test_services_that_are_given_stay(ctx: Context) -> None:
    await open_stores(ctx, a_store("S1"))
    await open_stores(ctx, a_store("S1", kind=WAREHOUSE, services=[StoreService.RETURNS]))
    assert (await Location.get(code="S1")).services == ["RETURNS"]


SPECIAL: dict[type[Model], dict[str, Any]] = {
    StockMovement: {"from_state": StockState.OUTSIDE, "to_state": StockState.AVAILABLE},
    ReferralBinding: {"kind": BindingKind.STORE},
}


async def a_row_here(ctx: Context, table: type[Model], **given: Any) -> Any:
    world = {Organisation: await Organisation.get(id=ctx.merchant_id)}
    return await a_row(table, world, **SPECIAL.get(table, {}), **given)


HISTORY: dict[str, tuple[type[Model], str]] = {
    "its stock": (StockMovement, "location_id"),
    "transfers": (Transfer, "source_id"),
    "transfers of goods to it": (Transfer, "destination_id"),
    "purchases": (PurchaseOrder, "destination_id"),
    "returns": (SupplierReturn, "location_id"),
    "stocktakes": (Stocktake, "location_id"),
    "orders": (Order, "attribution_store_id"),
    "fulfilments": (Fulfilment, "location_id"),
    "members": (Member, "home_store_id"),
    "bindings": (ReferralBinding, "store_id"),
    "share links": (ShareLink, "store_id"),
}


@pytest.mark.parametrize("what", HISTORY)
async def test_what_has_happened_there_keeps_its_kind_and_is_named(ctx: Context, what: str) -> None:
    table, column = HISTORY[what]
    await open_stores(ctx, a_store("S1"), a_store("S2"))
    place = await Location.get(code="S1")
    await a_row_here(ctx, table, **{column: place.id})
    outcome = await upsert(ctx, [a_store("S1", kind=WAREHOUSE), a_store("S2", kind=WAREHOUSE)])
    (refusal,) = outcome.refusals
    assert isinstance(refusal, StateConflict)
    assert (refusal.path, refusal.state) == (("stores", 0, "kind"), "STORE")
    assert str(refusal).startswith("It keeps its kind: ")
    assert await kinds("S1") == (STORE, OrganisationKind.STORE)
    done = await upsert(
        ctx, [a_store("S1", kind=WAREHOUSE), a_store("S2", kind=WAREHOUSE)], OnError.SKIP_FAILED
    )
    assert [row.ok for row in done.rows] == [False, True]
    assert await kinds("S1") == (STORE, OrganisationKind.STORE)
    assert await kinds("S2") == (WAREHOUSE, OrganisationKind.WAREHOUSE)


async def test_a_price_list_of_a_store_keeps_its_kind(ctx: Context) -> None:
    await open_stores(ctx, a_store("S1"))
    await a_row_here(ctx, PriceList, kind=PriceListKind.STORE, key="S1")
    outcome = await upsert(ctx, [a_store("S1", kind=WAREHOUSE)])
    assert [str(each) for each in outcome.refusals] == [
        "It keeps its kind: a price list is for it."
    ]


def test_every_table_that_names_a_place_keeps_its_kind_or_says_why_not() -> None:
    implied = {
        "stock_level": "nothing has been there before a movement",
        "stock_promise": "follows from an order",
        "serial_number": "follows from a movement",
        "serial_event": "follows from a movement",
        "stocktake_line": "is of a stocktake",
        "print_ticket": "is of a fulfilment",
        "assortment": "a setting of any place",
        "safety_stock_default": "a setting of any place",
    }
    sought = {words for each in kind_changes.KEEPS.values() for words in each}
    for table, column in _references():
        condition = f"SELECT 1 FROM {table} WHERE {column} = location.id"
        assert (condition in sought) != (table in implied), table


def _references() -> list[tuple[str, str]]:
    found = set()
    for name in TORTOISE_ORM["apps"]["models"]["models"]:
        for each in vars(importlib.import_module(name)).values():
            if isinstance(each, type) and issubclass(each, Model) and each._meta.db_table:
                found |= {
                    (each._meta.db_table, f"{field}_id")
                    for field, kind in each._meta.fields_map.items()
                    if getattr(kind, "model_name", "") == "models.Location"
                }
    return sorted(found)


async def test_a_movement_at_the_same_moment_and_the_change_are_one_after_the_other(
    ctx: Context,
) -> None:
    for number in range(4):
        code = f"S{number}"
        await open_stores(ctx, a_store(code))
        place = await Location.get(code=code)
        moved, outcome = await asyncio.gather(
            a_row_here(ctx, StockMovement, location_id=place.id),
            upsert(ctx, [a_store(code, kind=WAREHOUSE)]),
        )
        kind = (await Location.get(code=code)).kind
        assert (kind is STORE) == bool(outcome.refusals)
        assert await StockMovement.filter(id=moved.id).exists()


async def test_who_may_not_change_the_tree_changes_no_kind(ctx: Context) -> None:
    merchant = await a_merchant("CHAIN")
    erp = erp_of(ctx, merchant)
    await open_stores(erp, a_store("S1"))
    (grant,) = erp.actor.grants
    less = replace(grant, permissions=grant.permissions - {Permission.ORGANISATION_WRITE})
    narrow = replace(erp, actor=replace(erp.actor, grants=(less,)))
    outcome = await upsert(narrow, [a_store("S1", kind=WAREHOUSE)])
    assert [each.path for each in outcome.refusals] == [("stores", 0, "kind")]
    assert await kinds("S1") == (STORE, OrganisationKind.STORE)
    assert (await upsert(narrow, [a_store("S1", name="Other")])).updated == 1


async def test_a_node_that_was_made_a_store_takes_a_warehouse(ctx: Context) -> None:
    merchant = await a_merchant("CHAIN")
    erp = erp_of(ctx, merchant)
    await organisations.upsert(erp, a_node("NODE", OrganisationKind.STORE))
    outcome = await open_stores(erp, a_store("NODE", kind=WAREHOUSE))
    assert outcome.created == 1
    assert await kinds("NODE") == (WAREHOUSE, OrganisationKind.WAREHOUSE)


def a_node(code: str, kind: OrganisationKind, **given: Any) -> OrganisationDraft:
    return OrganisationDraft(code=code, name=code, kind=kind, **given)


async def test_a_node_with_nothing_on_it_changes_between_region_store_and_warehouse(
    ctx: Context,
) -> None:
    for kind in (OrganisationKind.STORE, OrganisationKind.WAREHOUSE, OrganisationKind.REGION):
        await organisations.upsert(ctx, a_node("NODE", kind))
        assert (await Organisation.get(code="NODE")).kind is kind
    await organisations.upsert(ctx, a_node("BELOW", OrganisationKind.STORE, parent_code="NODE"))
    with pytest.raises(StateConflict, match="below"):
        await organisations.upsert(ctx, a_node("NODE", OrganisationKind.STORE))
    with pytest.raises(InvalidInput):
        await organisations.upsert(ctx, a_node("NODE", OrganisationKind.MERCHANT))
    assert (await Organisation.get(code="NODE")).kind is OrganisationKind.REGION


async def test_a_node_with_a_store_on_it_says_where_to_change_its_kind(ctx: Context) -> None:
    await open_stores(ctx, a_store("S1"))
    with pytest.raises(StateConflict, match="storeUpsert"):
        await organisations.upsert(ctx, a_node("S1", OrganisationKind.WAREHOUSE))
    assert await kinds("S1") == (STORE, OrganisationKind.STORE)


async def test_changing_many_takes_a_fixed_number_of_statements(
    ctx: Context, count_statements: Any
) -> None:
    codes = [f"S{number}" for number in range(8)]
    await open_stores(ctx, *(a_store(code) for code in codes))
    with count_statements() as one:
        await open_stores(ctx, a_store(codes[0], kind=WAREHOUSE))
    with count_statements() as many:
        await open_stores(ctx, *(a_store(code, kind=WAREHOUSE) for code in codes[1:]))
    assert len(many) == len(one)
