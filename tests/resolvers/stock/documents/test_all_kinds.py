"""One list over all kinds of stock documents: a total order, whole pages, one statement for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from models.accounts.roles import Permission, Role
from models.errors import InvalidInput, NotSignedIn, PermissionDenied
from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.documents.purchases import PurchaseOrder, Supplier, SupplierReturn
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.stocktakes import Stocktake
from models.stock.documents.transfer_rules import TransferStatus
from models.stock.documents.transfers import Transfer
from models.stores.locations import Location
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.orm_pagination import Page, PageRequest, cursor_of
from resolvers.stock.documents.all_kinds import AnyDocumentFilter, listed
from resolvers.stock.documents.kinds import KINDS, StockDocument
from tests.make.statements import counting
from tests.make.stock import a_location
from tests.make.transfers import somebody

EVERYTHING = AnyDocumentFilter()
START = datetime(2026, 11, 25, 8, tzinfo=UTC)
# Minutes after START: many documents share a moment, within a kind and across kinds.
MINUTES = {
    "Transfer": (0, 0, 1, 3, 3, 5),
    "PurchaseOrder": (0, 1, 1, 3, 4),
    "SupplierReturn": (3, 2, 0, 3),
    "Stocktake": (3, 3, 0, 6),
}


async def planted(ctx: Context, here: Location, there: Location) -> list[StockDocument]:
    """Documents of every kind at a location, in the order that the list must have."""
    supplier = await Supplier.create(merchant_id=ctx.merchant_id, code="DAIRY", name="Dairy")
    common = {"merchant_id": ctx.merchant_id}
    made = {"created_by_kind": "STAFF", "created_by_id": 1}
    bought = {**common, **made, "supplier_id": supplier.id}
    rows: list[StockDocument] = []
    for kind in KINDS:
        for number, minutes in enumerate(MINUTES[kind.name]):
            columns: dict[str, Any] = {"number": f"{kind.name}-{number}".upper()}
            if kind.model is Transfer:
                columns |= {
                    **common,
                    "status": TransferStatus.SUBMITTED,
                    "requested_by_kind": "STAFF",
                }
                columns |= {"source_id": there.id, "destination_id": here.id}
            elif kind.model is PurchaseOrder:
                columns |= {**bought, "status": PurchaseOrderStatus.RECEIVED, "total_minor": 0}
                columns |= {"destination_id": here.id}
            elif kind.model is SupplierReturn:
                columns |= {
                    **bought,
                    "status": SupplierReturnStatus.APPROVED,
                    "location_id": here.id,
                }
            else:
                columns |= {**common, "status": StocktakeStatus.COUNTED, "location_id": here.id}
            row = await kind.model.create(**columns)
            at = START + timedelta(minutes=minutes)
            await kind.model.filter(id=row.id).update(created_at=at)
            rows.append(await kind.model.get(id=row.id))
    return sorted(rows, key=lambda each: (each.created_at, named(each)), reverse=True)


def named(row: StockDocument) -> tuple[str, int]:
    return type(row).__name__, row.id


def names(rows: Sequence[StockDocument]) -> list[tuple[str, int]]:
    return [named(each) for each in rows]


async def page(ctx: Context, request: PageRequest, wanted: AnyDocumentFilter = EVERYTHING) -> Page:
    return (await listed(ctx, wanted, request))[0]


@pytest.fixture
async def scene(ctx: Context) -> tuple[Context, list[StockDocument]]:
    here, there = await a_location(ctx), await a_location(ctx)
    rows = await planted(ctx, here, there)
    return await somebody(ctx, Role.ADMIN, here.organisation_id), rows


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_pages_show_each_document_once_in_order_both_ways(
    scene: tuple[Context, list[StockDocument]], size: int
) -> None:
    ctx, rows = scene
    forward: list[StockDocument] = []
    after = None
    while True:
        found = await page(ctx, PageRequest(first=size, after=after))
        forward += found.rows
        assert found.has_previous is (after is not None)
        if not found.has_next:
            break
        after = found.cursors[-1]
    assert names(forward) == names(rows)
    backward: list[StockDocument] = []
    before = None
    while True:
        found = await page(ctx, PageRequest(last=size, before=before))
        backward = [*found.rows, *backward]
        assert found.has_next is (before is not None)
        if not found.has_previous:
            break
        before = found.cursors[0]
    assert names(backward) == names(rows)


async def test_a_page_lies_between_any_two_cursors(
    scene: tuple[Context, list[StockDocument]],
) -> None:
    ctx, rows = scene
    whole = await page(ctx, PageRequest(first=50))
    for (left, _), (right, expected) in pairwise(
        zip(whole.cursors[::3], range(0, len(rows), 3), strict=True)
    ):
        found = await page(ctx, PageRequest(first=50, after=left, before=right))
        assert names(found.rows) == names(rows[expected - 2 : expected])


async def test_each_kind_is_read_by_one_statement_however_many_documents(
    scene: tuple[Context, list[StockDocument]],
) -> None:
    ctx, rows = scene
    with counting() as few:
        await page(ctx, PageRequest(first=1))
    with counting() as many:
        found, tally = await listed(ctx, EVERYTHING, PageRequest(first=50))
    assert len(many) == len(few) == len(KINDS)
    assert len(found.rows) == len(rows)
    with counting() as counted:
        assert await tally.totals([None]) == {None: len(rows)}
    assert len(counted) == len(KINDS)
    with counting() as of_one_kind:
        await page(ctx, PageRequest(first=50), AnyDocumentFilter(kinds=["Stocktake"]))
    assert len(of_one_kind) == 1


async def test_conditions_hold_for_every_kind(scene: tuple[Context, list[StockDocument]]) -> None:
    ctx, rows = scene
    everything = PageRequest(first=50)

    async def found(**wanted: object) -> list[tuple[str, int]]:
        return names((await page(ctx, everything, AnyDocumentFilter(**wanted))).rows)  # type: ignore[arg-type]

    of = [each for each in rows if isinstance(each, Transfer | Stocktake)]
    assert await found(kinds=["Transfer", "Stocktake"]) == names(of)
    assert await found(statuses=["APPROVED", "COUNTED"]) == names(
        [each for each in rows if each.status in ("APPROVED", "COUNTED")]
    )
    over = [each for each in rows if isinstance(each, PurchaseOrder)]
    assert await found(is_open=False) == names(over)
    assert await found(is_open=True) == names([each for each in rows if each not in over])
    assert await found(is_open=True, statuses=["RECEIVED"]) == []
    assert await found(statuses=[]) == []
    assert await found(kinds=[]) == []
    assert await found(number="SupplierReturn-1") == names(
        [each for each in rows if each.number == "SUPPLIERRETURN-1"]
    )
    between = {
        "created_from": START + timedelta(minutes=1),
        "created_to": START + timedelta(minutes=3),
    }
    assert await found(**between) == names(
        [each for each in rows if each.created_at.minute in (1, 2)]
    )
    transfer = next(each for each in rows if isinstance(each, Transfer))
    assert await found(location_id=transfer.source_id) == names(
        [each for each in rows if isinstance(each, Transfer)]
    )
    assert await found(location_id=transfer.destination_id) == names(rows)


async def test_counts_are_of_the_whole_list(scene: tuple[Context, list[StockDocument]]) -> None:
    ctx, rows = scene
    wanted = AnyDocumentFilter(statuses=["SUBMITTED", "COUNTED"])
    _, tally = await listed(ctx, wanted, PageRequest(first=1))
    sizes = {name: len(minutes) for name, minutes in MINUTES.items()}
    assert await tally.totals(["x"]) == {"x": sizes["Transfer"] + sizes["Stocktake"]}
    assert await tally.kinds(["x"]) == {
        "x": [("Transfer", sizes["Transfer"]), ("Stocktake", sizes["Stocktake"])]
    }
    assert await tally.statuses(["x"]) == {
        "x": [
            ("APPROVED", sizes["SupplierReturn"]),
            ("COUNTED", sizes["Stocktake"]),
            ("RECEIVED", sizes["PurchaseOrder"]),
            ("SUBMITTED", sizes["Transfer"]),
        ]
    }
    assert sum(sizes.values()) == len(rows)


async def test_a_caller_sees_the_kinds_and_locations_that_they_may_read(ctx: Context) -> None:
    here, there = await a_location(ctx), await a_location(ctx)
    rows = await planted(ctx, here, there)
    guide = await somebody(ctx, Role.GUIDE, here.organisation_id)  # STOCK_READ, not PURCHASE_READ
    stock = [each for each in rows if isinstance(each, Transfer | Stocktake)]
    assert names((await page(guide, PageRequest(first=50))).rows) == names(stock)
    with pytest.raises(PermissionDenied):
        await page(guide, PageRequest(), AnyDocumentFilter(kinds=["PurchaseOrder"]))
    (grant,) = guide.actor.grants
    only = GrantedNode(grant.organisation_id, grant.path, frozenset({Permission.PURCHASE_READ}))
    buyer = replace(guide, actor=Actor(ActorKind.STAFF, 99, (only,)), memory={})
    bought = [each for each in rows if each not in stock]
    assert names((await page(buyer, PageRequest(first=50))).rows) == names(bought)
    sender = await somebody(ctx, Role.ADMIN, there.organisation_id)
    transfers = [each for each in rows if isinstance(each, Transfer)]
    assert names((await page(sender, PageRequest(first=50))).rows) == names(transfers)
    with pytest.raises(NotSignedIn):
        await page(replace(ctx, actor=Actor(), memory={}), PageRequest())


MOMENT = 1_795_593_600_000_000


@pytest.mark.parametrize(
    "key",
    [
        ["2026-11-25T08:00:00+00:00", "Transfer", 1],
        [2**63 - 1, "Transfer", 1],
        [-(2**63), "Transfer", 1],
        [True, "Transfer", 1],
        [MOMENT, 1, 1],
        [MOMENT, "Transfer", "1"],
        [MOMENT, "Transfer", 2**63],
        [MOMENT, "Transfer"],
    ],
)
async def test_a_forged_cursor_is_refused(
    scene: tuple[Context, list[StockDocument]], key: list[object]
) -> None:
    ctx, _ = scene
    cursor = cursor_of(key, f"stock documents {EVERYTHING}")
    for request in (PageRequest(first=2, after=cursor), PageRequest(last=2, before=cursor)):
        with pytest.raises(InvalidInput):
            await page(ctx, request)


async def test_a_cursor_of_another_filter_is_refused(
    scene: tuple[Context, list[StockDocument]],
) -> None:
    ctx, _ = scene
    cursor = (await page(ctx, PageRequest(first=1))).cursors[0]
    with pytest.raises(InvalidInput):
        await page(ctx, PageRequest(after=cursor), AnyDocumentFilter(is_open=True))
