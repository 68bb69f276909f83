from __future__ import annotations

import csv
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from models.catalog.products import Product, Variant
from models.integrations.bulk import BulkKind
from models.stock.levels import StockLevel
from models.stores.coordinates import CoordinateSystem
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.integrations.bulk.imports import ImportFile, import_file
from resolvers.integrations.files.reports import ImportReport
from resolvers.integrations.files.row_drafts import made_up_price_minor
from schema.integrations.bulk_rows import draft_of
from tests.make.goods import a_gtin, a_product, a_store, a_variant, open_stores, put

REAL = Path(os.environ.get("QUINTET_TEST_DATA", "no such folder"))


def a_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "rows.csv"
    path.write_bytes(text.encode(encoding))
    return path


async def imported(
    ctx: Context,
    kind: BulkKind,
    path: Path,
    progress: Callable[[int, int], object] | None = None,
    **options: Any,
) -> ImportReport:
    return await import_file(ctx, ImportFile(path, kind, **options), draft_of, progress or silent)


def silent(done: int, total: int) -> None:
    assert 0 <= done <= total


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.failed)


STORES = (
    "code,name,address,longitude_bd09,latitude_bd09,longitude_wgs84,latitude_wgs84\n"
    "DL001,艳粉店,沈阳市铁西区艳粉街61号,123.3619643,41.77968209,123.3495256,41.7709257\n"
    'DL002,中街店,"让胡路区 东湖二街, 136号",124.8,46.4,,\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
async def test_stores_come_with_the_position_of_their_source(
    ctx: Context, tmp_path: Path, encoding: str
) -> None:
    path = a_file(tmp_path, STORES.replace("\n", "\r\n"), encoding)
    assert counts(await imported(ctx, BulkKind.STORES, path)) == (2, 0, 0, 0)
    store = await Location.get(code="DL001")
    assert (store.city, store.address["street"]) == ("沈阳市", "铁西区艳粉街61号")
    assert (store.latitude, store.coordinate_system) == (41.77968209, CoordinateSystem.BD09)
    assert (await Location.get(code="DL002")).city is None
    assert counts(await imported(ctx, BulkKind.STORES, path)) == (0, 0, 2, 0)


async def test_plain_coordinates_name_their_system(ctx: Context, tmp_path: Path) -> None:
    text = "code,name,address,latitude,longitude,system,kind\nS1,a,b,41.8,123.4,gcj02,\nW1,a,b,,,,warehouse\n"
    report = await imported(ctx, BulkKind.STORES, a_file(tmp_path, text))
    assert counts(report) == (2, 0, 0, 0)
    assert (await Location.get(code="S1")).coordinate_system is CoordinateSystem.GCJ02
    assert (await Location.get(code="W1")).latitude is None


async def test_each_bad_line_is_named_and_the_others_are_there(
    ctx: Context, tmp_path: Path
) -> None:
    text = STORES + "S3,x,y,far,41\nS4,,y\n\nDL001,again,y\nS5,x,y,10,95\n,x,y\n"
    report = await imported(ctx, BulkKind.STORES, a_file(tmp_path, text))
    assert counts(report) == (2, 1, 0, 4)
    said = {(line, code): message for line, code, message in report.failed}
    assert "longitude_bd09" in said[4, "S3"]
    assert said[5, "S4"].startswith("name: ")
    assert (await Location.get(code="DL001")).name == "again", "as if each line came by itself"
    assert "latitude" in said[8, "S5"]
    assert said[9, ""].startswith("code: ")
    assert "Line 4, S3: " in str(report)


async def test_products_without_a_price_get_one_that_stays(ctx: Context, tmp_path: Path) -> None:
    first, second = a_gtin(1), a_gtin(2)
    await put(ctx, a_product(first, "旧名", variants=[a_variant(first, "3.21")]))
    text = f"gtin,name,weight_g,unit,origin\n{first},黄桃罐头,700,瓶,广东\n{second},杨梅罐头,,,\n"
    path = a_file(tmp_path, text)
    report = await imported(ctx, BulkKind.CATALOG, path, demo=True)
    assert counts(report) == (1, 1, 0, 0)
    assert (await Product.get(code=first)).description == "700 g · 瓶 · 广东"
    prices = {each.sku: each.price_minor for each in await Variant.all()}
    assert prices == {first: 321, second: made_up_price_minor(second)}
    again = await imported(ctx, BulkKind.CATALOG, path, demo=True)
    assert counts(again) == (0, 0, 2, 0)


async def test_a_price_is_never_made_up_outside_the_demo(ctx: Context, tmp_path: Path) -> None:
    old, new = a_gtin(1), a_gtin(2)
    await put(ctx, a_product(old, "旧名", variants=[a_variant(old, "3.21")]))
    path = a_file(tmp_path, f"gtin,name,price\n{old},黄桃罐头,\n{new},茅台酒,\n")
    report = await imported(ctx, BulkKind.CATALOG, path)
    assert report.failed == [(3, new, "price: A new product needs a price.")]
    (variant,) = await Variant.all()
    assert (variant.sku, variant.price_minor) == (old, 321)


async def test_products_may_have_codes_and_prices(ctx: Context, tmp_path: Path) -> None:
    text = (
        f"code,sku,gtin,name,price\nC1,K1,{a_gtin(1)},甲,12.50\nC2,,,乙,1.005\n"
        "C3,,123,丙,1\nC4,,,丁,cheap\nC5,,,戊,NaN\n"
    )
    report = await imported(ctx, BulkKind.CATALOG, a_file(tmp_path, text))
    assert counts(report) == (1, 0, 0, 4)
    variant = await Variant.get()
    assert (variant.sku, variant.price_minor) == ("K1", 1250)
    assert [(line, code) for line, code, _ in report.failed] == [
        (3, "C2"),
        (4, "C3"),
        (5, "C4"),
        (6, "C5"),
    ]


def test_made_up_prices_are_the_same_each_time_and_reasonable() -> None:
    prices = [made_up_price_minor(a_gtin(number)) for number in range(500)]
    assert prices == [made_up_price_minor(a_gtin(number)) for number in range(500)]
    assert min(prices) >= 100
    assert max(prices) <= 9_990
    assert len(set(prices)) > 300


async def test_stock_is_set_and_unknown_places_are_named(ctx: Context, tmp_path: Path) -> None:
    await open_stores(ctx, a_store("S1"))
    await put(ctx, a_product("P1"), a_product("P2"))
    text = "location_code,sku,quantity\nS1,P1,5\nS1,P2,0\nS9,P1,1\nS1,P9,1\nS1,P1,7\nS1,P3,1.5\n"
    path = a_file(tmp_path, text)
    report = await imported(ctx, BulkKind.STOCK, path)
    assert counts(report) == (2, 1, 0, 3)
    assert [line for line, _, _ in report.failed] == [4, 5, 7]
    assert {each.available for each in await StockLevel.all()} == {7, 0}
    again = await imported(
        ctx, BulkKind.STOCK, a_file(tmp_path, text.replace("S1,P1,5", "S1,P1,6"))
    )
    assert counts(again) == (0, 2, 1, 3)


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"code,name\n1,2\n", 1, "address"),
        (b"code,name,address,code\n", 1, "twice"),
        (b"code,name,address\n1,2,3,4\n", 2, "more cells"),
        (b"code,name,address\n1,2,\xff\n", 2, "UTF-8"),
        (b'code,name,address\n1,"2,3\n', 2, "CSV"),
        (b"", 0, "The file is empty."),
        (b"\n1,2,3\n", 1, "The first line is empty"),
        (b"code, Name ,qty\n1,2,3\n", 1, "there are code, Name, qty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", 0, "old Excel"),
        (b"PK\x03\x04 and no more", 0, "XLSX"),
    ],
)
async def test_a_file_that_is_no_table_is_told_by_line(
    ctx: Context, tmp_path: Path, content: bytes, line: int, says: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    report = await imported(ctx, BulkKind.STORES, path)
    found = [*((at, said) for at, _, said in report.failed), *filter(None, [report.ended])]
    assert [at for at, _ in found] == [line]
    assert says in found[0][1]
    assert (report.ended is None) is (line == 2), "rows fail by themselves"
    assert report.verdict().startswith("Line ") is (line == 1)


async def test_a_missing_file_is_told(ctx: Context, tmp_path: Path) -> None:
    report = await imported(ctx, BulkKind.STOCK, tmp_path / "none.csv")
    assert report.verdict() == f"{tmp_path}/none.csv cannot be read: No such file or directory."
    assert (report.rows, report.failed) == (0, [])


async def test_a_line_of_json_that_is_no_row_is_told_in_plain_words(
    ctx: Context, tmp_path: Path
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('null\n[]\n7\n{"locationCode": null, "sku": "A", "quantity": 1}\n')
    report = await imported(ctx, BulkKind.STOCK, path)
    no_object = 'A line is one JSON object, such as {"sku": "MILK-1L"}.'
    assert report.failed == [
        (1, "", no_object),
        (2, "", no_object),
        (3, "", no_object),
        (4, "", "locationCode: This must not be null."),
    ]
    assert report.verdict() == "4 rows were not imported."


async def test_more_rows_than_a_batch_holds_come_in_batches(ctx: Context, tmp_path: Path) -> None:
    lines = [f"P{number},商品{number},1.00" for number in range(1_201)]
    steps: list[tuple[int, int]] = []
    path = a_file(tmp_path, "\n".join(["code,name,price", *lines]))
    report = await imported(ctx, BulkKind.CATALOG, path, lambda *step: steps.append(step))
    assert counts(report) == (1_201, 0, 0, 0)
    assert steps == [(0, 1_201), (500, 1_201), (1_000, 1_201), (1_201, 1_201)], "chunk by chunk"
    assert await Product.all().count() == 1_201


@pytest.mark.skipif(not REAL.exists(), reason="QUINTET_TEST_DATA names no folder")
async def test_real_files_are_imported_completely(ctx: Context) -> None:
    stores = await imported(ctx, BulkKind.STORES, REAL / "stores.csv")
    products = await imported(ctx, BulkKind.CATALOG, REAL / "products.csv", demo=True)
    assert counts(stores) == (247, 0, 0, 0)
    assert counts(products) == (3_761, 0, 0, 0)
    with (REAL / "stores.csv").open(encoding="utf-8-sig") as file:
        given = {row["code"]: row for row in csv.DictReader(file)}
    for store in await Location.all():
        latitude = Decimal(given[store.code]["latitude_wgs84"])
        assert abs(Decimal(store.latitude_wgs84 or 0) - latitude) < Decimal("0.00003")
