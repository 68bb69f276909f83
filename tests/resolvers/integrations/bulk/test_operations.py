from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from models.catalog.prices import Price, PriceListKind
from models.catalog.products import Product, Variant
from models.database import fetch
from models.errors import IdempotencyKeyReused, PermissionDenied, StateConflict
from models.integrations.bulk import BulkFormat, BulkKind, BulkOperation, BulkStatus
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.bulk_rows import OnError
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices.lists import PriceListDraft
from resolvers.context import Actor, ActorKind, Context
from resolvers.integrations import retention
from resolvers.integrations.bulk import operations as bulk_operations
from resolvers.integrations.bulk import running as bulk_running
from resolvers.integrations.bulk import storage as bulk_storage
from resolvers.integrations.bulk.running import run_due
from schema.integrations.bulk_rows import draft_of
from schema.messages import translate
from tests.make.bulk import a_bulk_operation, ended, errors, lines, results
from tests.make.goods import a_product, a_store, open_stores, put
from tests.make.sales import later


def counts(operation: BulkOperation) -> tuple[int, int, int, int]:
    return operation.rows_done, operation.rows_failed, operation.created, operation.updated


async def test_every_kind_comes_as_csv_and_as_json(here: Context) -> None:
    stores = "code,name,address\nS1,一店,沈阳市铁西区1号\nS2,,x\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, stores))
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 2, 1, 1, 0)

    def a_row(sku: str, price: object) -> dict[str, object]:
        return {"sku": sku, "price": price}

    products = lines(
        {
            "code": "P1",
            "name": "牛奶",
            "variants": [{"sku": "K1", "price": "9.90"}, {"sku": "K2", "price": "8"}],
        },
        {"code": "P2", "name": "茶", "variants": [a_row("K3", 1.5)]},
        {"code": "P3"},
    )
    catalog = await a_bulk_operation(
        here, BulkKind.CATALOG, products + "[1]\nno json\n", form=BulkFormat.JSONL
    )
    found = await ended(here, catalog)
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 5, 4, 1, 0)
    assert [each["line"] for each in errors(here, found)] == ["2", "3", "4", "5"]
    assert errors(here, found)[0]["field"] == "variants.0.price"
    assert await Variant.all().count() == 2
    stock = "location_code,sku,quantity,compare_quantity\nS1,K1,5,\nS1,K2,7,0\n"
    stock += "S1,K1,9,4\nS1,K1,6,5\nS9,K1,1,\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.STOCK, stock))
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 5, 2, 2, 1)
    assert {(row["line"], row["error"]) for row in errors(here, found)} == {
        ("4", "STALE_VERSION"),
        ("6", "NOT_FOUND"),
    }
    levels = {each.available for each in await StockLevel.all()}
    assert levels == {6, 7}
    prices = "sku,price\nK1,12.50\nK9,1\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.PRICES, prices))
    assert (found.status, found.rows_failed) == (BulkStatus.COMPLETED, 1)
    assert (await Variant.get(sku="K1")).price_minor == 1250
    assert results(here, found)[0] == {"line": 2, "code": "K1", "ok": True}
    assert found.rows_total == found.rows_done == 2


async def test_one_fault_stops_them_all_where_that_is_asked_for(here: Context) -> None:
    rows = [f"S{number},店,街1号" for number in range(700)]
    bad = "\n".join(["code,name,address", *rows, "S700,,x"])
    asked = {"on_error": OnError.REJECT_ALL}
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, bad, **asked))
    assert (found.status, found.rows_done, found.rows_failed) == (BulkStatus.FAILED, 701, 1)
    assert found.error == "Some rows are faulty, so nothing was done."
    assert await Location.all().count() == 0
    assert [row["line"] for row in errors(here, found)] == ["702"]
    good = "\n".join(["code,name,address", *rows])
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, good, **asked))
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 700, 0, 700, 0)
    assert await Location.all().count() == 700
    assert len(results(here, found)) == 700


async def test_a_dry_run_changes_nothing_and_says_what_would_be(here: Context) -> None:
    text = "code,name,address\nS1,一店,街1号\nS2,,街\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, text, dry_run=True))
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 2, 1, 1, 0)
    assert await Location.all().count() == 0
    assert await fetch("SELECT id FROM outbox_event") == []


class Killed(BaseException):
    """The process is gone: nothing behind this runs, no answer and no tidying up."""


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
async def test_a_killed_worker_is_followed_by_one_that_goes_on_where_it_was(
    here: Context, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, *(a_product(f"P{number}") for number in range(500)))
    await put(here, *(a_product(f"P{number}") for number in range(500, 1_000)))
    await put(here, *(a_product(f"P{number}") for number in range(1_000, 1_300)))
    rows = [f"S1,P{number},{number + 1}" for number in range(1_300)]
    operation = await a_bulk_operation(
        here, BulkKind.STOCK, "\n".join(["location_code,sku,quantity", *rows])
    )
    name = "record_progress" if when == "before the commit" else "next_chunk"
    real, left = getattr(bulk_running, name), [2]

    async def progress(*arguments: Any) -> Any:
        done = await real(*arguments)
        left[0] -= 1
        if not left[0]:
            raise Killed
        return done

    def next_chunk(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(bulk_running, name, progress if name == "record_progress" else next_chunk)
    with pytest.raises(Killed):
        await run_due(here, draft_of, translate)
    monkeypatch.setattr(bulk_running, name, real)
    stopped = await BulkOperation.get(id=operation.id)
    assert stopped.status is BulkStatus.RUNNING
    assert stopped.rows_done == (500 if when == "before the commit" else 1_000)
    assert await run_due(here, draft_of, translate) == 0
    found = await ended(later(here, minutes=3), operation)
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 1_300, 0, 1_300, 0)
    movements = await fetch("SELECT COUNT(*) AS n, SUM(quantity) AS pieces FROM stock_movement")
    assert (movements[0]["n"], movements[0]["pieces"]) == (1_300, 1_300 * 1_301 // 2)
    assert [each["line"] for each in results(here, found)] == list(range(2, 1_302))


async def test_workers_at_once_do_each_row_once(here: Context) -> None:
    text = "code,name,address\n" + "".join(f"S{number},店,街1号\n" for number in range(600))
    operation = await a_bulk_operation(here, BulkKind.STORES, text)
    assert sum(await asyncio.gather(*(run_due(here, draft_of, translate) for _ in range(4)))) == 1
    found = await BulkOperation.get(id=operation.id)
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 600, 0, 600, 0)


async def test_it_is_cancelled_before_or_between_chunks(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "code,name,address\n" + "".join(f"S{number},店,街1号\n" for number in range(1_200))
    waiting = await a_bulk_operation(here, BulkKind.STORES, text)
    assert (await bulk_operations.cancel(here, waiting.id)).status is BulkStatus.CANCELLED
    assert await run_due(here, draft_of, translate) == 0
    running = await a_bulk_operation(here, BulkKind.STORES, text)
    real, seen = bulk_running.next_chunk, []

    async def slow(*arguments: Any) -> Any:
        if len(seen) == 1:
            await bulk_operations.cancel(here, running.id)
        seen.append(1)
        return await real(*arguments)

    monkeypatch.setattr(bulk_running, "next_chunk", slow)
    found = await ended(here, running)
    assert (found.status, found.rows_done) == (BulkStatus.CANCELLED, 500)
    assert found.finished_at is not None
    assert await Location.all().count() == 500
    with pytest.raises(StateConflict):
        await bulk_operations.cancel(here, running.id)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("code,name\n1,2\n", "Line 1: The column address is missing"),
        ("code,name,name,address\n", "Line 1: The column name stands in the header twice"),
        ("\xff\n" * 10, "Line 1: The column code is missing"),
        ("x" * 1_000_001, "Line 1: This row is longer"),
    ],
)
async def test_a_file_that_is_no_table_fails_as_a_whole(
    here: Context, content: str, says: str
) -> None:
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, content))
    assert found.status is BulkStatus.FAILED
    assert says in (found.error or "")


async def test_the_rights_are_those_of_whoever_asked_by_the_time_it_runs(here: Context) -> None:
    nobody = dataclasses.replace(here, actor=Actor(ActorKind.STAFF, 99))
    with pytest.raises(PermissionDenied):
        await a_bulk_operation(nobody, BulkKind.STORES, "code,name,address\nS1,a,b\n")
    operation = await a_bulk_operation(here, BulkKind.STORES, "code,name,address\nS1,a,b\n")
    await BulkOperation.filter(id=operation.id).update(actor_kind="STAFF", actor_id=99)
    found = await ended(here, operation)
    assert (found.status, found.error) == (BulkStatus.FAILED, "This account is no longer active.")
    assert await Location.all().count() == 0
    assert await bulk_operations.by_ids(here, [operation.id])
    assert (
        await bulk_operations.by_ids(
            dataclasses.replace(here, actor=Actor(ActorKind.STAFF, 1)), [operation.id]
        )
        == {}
    )


async def test_the_same_key_takes_the_file_once(here: Context) -> None:
    text = "code,name,address\nS1,一店,街1号\n"
    first = await a_bulk_operation(here, BulkKind.STORES, text, idempotency_key="k")
    again = await a_bulk_operation(here, BulkKind.STORES, text, idempotency_key="k")
    assert first.id == again.id
    with pytest.raises(IdempotencyKeyReused):
        await a_bulk_operation(here, BulkKind.STORES, text + "S2,b,c\n", idempotency_key="k")
    folder = bulk_storage.source_of(here.settings, first).parent
    assert [path.name for path in folder.iterdir()] == [first.file]
    found = await ended(here, first)
    assert await retention.forget_files(later(here, days=29)) == 0
    assert await retention.forget_files(later(here, days=31)) == 1
    assert list(folder.iterdir()) == []
    assert await BulkOperation.filter(id=found.id).count() == 0


@pytest.mark.parametrize("mark", "=+-@")
async def test_what_somebody_else_wrote_is_no_formula(here: Context, mark: str) -> None:
    text = f'code,name,address\n"{mark}HYPERLINK(1)",a,b\n'
    found = await ended(here, await a_bulk_operation(here, BulkKind.STORES, text))
    assert errors(here, found)[0]["code"] == f"'{mark}HYPERLINK(1)"


async def test_products_are_merged_by_rows_that_follow_each_other(here: Context) -> None:
    text = "code,sku,name,price\nP1,K1,牛奶,1\nP1,K2,牛奶,2\nP2,K3,茶,\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.rows_done, found.rows_failed) == (3, 1)
    assert await Product.all().count() == 1
    assert {each.sku for each in await Variant.all()} == {"K1", "K2"}


async def test_a_csv_file_carries_options_and_the_serial_flag(here: Context) -> None:
    text = (
        "code,sku,name,price,option1_name,option1_value,option2_name,option2_value,tracks_serials\n"
        "P1,K1,手机,1999,颜色,红,容量,128,true\n"
        "P1,K2,手机,1999,颜色,蓝,容量,128,YES\n"
        "P1,K3,手机,1999,颜色,蓝,容量,128,\n"
        "P1,K4,手机,1999,颜色,蓝,,256,\n"
        "P1,K5,手机,1999,颜色,白,,,\n"
        "P2,K6,茶,5,,,,,maybe\n"
        "P3,K7,茶,5,,,,,0\n"
    )
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert [(row["line"], row["error"], row["field"]) for row in errors(here, found)] == [
        ("4", "DUPLICATE", "variants.0.options"),
        ("5", "INVALID", "variants.0.options.1.name"),
        ("6", "INVALID", "variants.0.options"),
        ("7", "INVALID", "tracks_serials"),
    ]
    assert (await Product.get(code="P1")).options == [
        {"name": "颜色", "values": ["红", "蓝"]},
        {"name": "容量", "values": ["128"]},
    ]
    tracked = {each.sku: each.tracks_serials for each in await Variant.all()}
    assert tracked == {"K1": True, "K2": True, "K7": False}
    again = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (again.created, again.updated, again.rows_failed) == (0, 0, 4)


HOSTILE_CELLS = [
    (BulkKind.STOCK, "location_code,sku,quantity\n", "S1,K1,{}\n",
     ["", "--5", "-1", "1e30", "1_000", "5.5", "½", "2147483648", "9" * 40, "NaN", "五", "='1'"]),
    (BulkKind.PRICES, "sku,price\n", "K1,{}\n",
     ["", "-1", "1.005", "NaN", "sNaN", "Infinity", "1e999999999", "1_000", "9" * 400, "x", "1e15", "--1"]),
    (BulkKind.PRICES, "sku,list_code,price,valid_from\n", "K1,L,1,{}\n",
     ["tomorrow", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
      "1969-01-01T00:00Z"]),
    (BulkKind.STORES, "code,name,address,latitude,longitude,system,kind\n", "S2,店,街,{},x,{},STORE\n",
     ["", "nan", "inf", "1_0", "91", "MARS"]),
    (BulkKind.STORES, "code,name,address,kind\n", "S2,店,街,{}\n", ["MOON"]),
]  # fmt: skip


async def test_hostile_cells_fail_their_row_and_nothing_else(here: Context) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, a_product("K1"))
    for kind, header, row, cells in HOSTILE_CELLS:
        text = header + "".join(row.replace("{}", cell) for cell in cells)
        found = await ended(here, await a_bulk_operation(here, kind, text))
        assert found.status is BulkStatus.COMPLETED, found.error
        assert (found.rows_done, found.rows_failed) == (len(cells), len(cells)), results(
            here, found
        )
    assert await fetch("SELECT id FROM stock_level WHERE available > 0") == []


async def test_equal_moments_with_other_offsets_are_one_price(here: Context) -> None:
    await put(here, a_product("K1"))
    lists = [PriceListDraft(code="L", name="L", kind=PriceListKind.CHANNEL, key="APP")]
    await price_lists.upsert(here, lists)
    text = (
        "sku,list_code,price,valid_from\n"
        "K1,L,1,2026-01-31T08:00:00+08:00\nK1,L,2,2026-01-31T00:00:00Z\n"
        "K1,L,3,1970-01-01T00:00:00Z\nK1,L,4,\n"
    )
    found = await ended(here, await a_bulk_operation(here, BulkKind.PRICES, text))
    assert (found.status, *counts(found)) == (BulkStatus.COMPLETED, 4, 0, 2, 2)
    assert {each.amount_minor for each in await Price.all()} == {200, 400}


async def test_what_is_wrong_is_said_in_the_language_of_whoever_asked(here: Context) -> None:
    chinese = dataclasses.replace(here, language="zh")
    text = "code,name,address\nS1,,街1号\n"
    found = await ended(here, await a_bulk_operation(chinese, BulkKind.STORES, text))
    assert errors(here, found)[0]["message"] == "长度须为 1 至 200 个字符。"
    assert results(here, found)[0]["errors"][0]["message"] == "长度须为 1 至 200 个字符。"
    asked = {"on_error": OnError.REJECT_ALL}
    found = await ended(here, await a_bulk_operation(chinese, BulkKind.STORES, text, **asked))
    assert found.error == "有些行有误，因此未作任何更改。"
    found = await ended(here, await a_bulk_operation(chinese, BulkKind.STORES, "code\nS1\n"))
    assert found.error == "第 1 行：缺少 name 列；现有的列：code。"
