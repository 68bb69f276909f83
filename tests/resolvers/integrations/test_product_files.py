"""CSV files of products, where a line is a variant and lines that follow each other one product."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalog.classification import Brand, Category
from models.catalog.products import Product, ProductStatus, Variant, VariantGtin
from models.database import fetch
from models.integrations.bulk import BulkKind, BulkStatus
from resolvers.catalog.products import products
from resolvers.context import Context
from resolvers.integrations.bulk.imports import ImportFile, import_file
from schema.integrations.bulk_rows import draft_of
from tests.make.bulk import a_bulk_operation, ended, errors, results
from tests.make.goods import a_gtin, a_product, put

HEADER = "code,sku,name,price,option1_name,option1_value\n"


def sizes(code: str, number: int, first: int = 0) -> str:
    numbers = range(first, first + number)
    return "".join(f"{code},{code}-{each},鞋,1.00,尺码,{each}\n" for each in numbers)


async def changed_products() -> int:
    (row,) = await fetch("SELECT COUNT(*) AS n FROM outbox_event WHERE topic = 'product.changed'")
    return int(row["n"])


async def test_a_product_is_done_at_once_however_many_lines_it_has(here: Context) -> None:
    text = HEADER + "".join(sizes(f"P{number}", 30) for number in range(40))
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.status, found.rows_done, found.rows_failed) == (BulkStatus.COMPLETED, 1_200, 0)
    assert (found.created, found.updated) == (40, 0), "the chunks' ends tear no product"
    assert await changed_products() == 40
    assert await Variant.all().count() == 1_200
    assert [each["line"] for each in results(here, found)] == list(range(2, 1_202))
    again = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (again.created, again.updated, again.rows_failed) == (0, 0, 0)
    assert await changed_products() == 40


async def test_a_product_of_more_variants_than_a_row_takes_comes_in_parts(here: Context) -> None:
    text = HEADER + sizes("P1", 190) + sizes("P2", 1)
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.status, found.rows_done, found.rows_failed) == (BulkStatus.COMPLETED, 191, 0)
    assert (found.created, found.updated) == (2, 1)
    assert await Variant.all().count() == 191


async def test_a_faulty_line_leaves_the_others_of_its_product(here: Context) -> None:
    await put(here, a_product("OTHER"))
    text = HEADER + sizes("P1", 2) + "P1,P1-0,鞋,-1,尺码,9\nP1,OTHER,鞋,1,尺码,8\n"
    text += sizes("P1", 1, first=5) + sizes("P2", 3)
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert [(each["line"], each["code"], each["field"]) for each in errors(here, found)] == [
        ("4", "P1", "variants.0.price"),
        ("5", "P1", "variants.0.sku"),
    ]
    assert (found.rows_done, found.rows_failed) == (8, 2)
    skus = {each.sku for each in await Variant.all()}
    assert skus == {"OTHER", "P1-0", "P1-1", "P1-5", "P2-0", "P2-1", "P2-2"}
    assert (await Variant.get(sku="P1-0")).price_minor == 100


async def test_lines_may_say_of_a_product_what_a_row_says(here: Context) -> None:
    first, second = a_gtin(1), a_gtin(2)
    text = (
        "code,sku,name,price,gtin,brand_code,brand_name,category_code,category_name,"
        "category_parent_code,status,tags,channels,media,variant_name,compare_at_price,slug,description\n"
        f"P1,K1,短袖,59.00,{first}|{second},B1,木棉,TEE,T恤,TOPS,draft,新品|夏,app|STORE,"
        "https://cdn.example/1.jpg|https://cdn.example/2.jpg,红,79.00,tee,纯棉\n"
        "P1,K2,短袖,59.00,,,,,,,,,,,,,,\n"
        "P2,K3,袜子,9.00,,,,,,,sold,,,,,,,\nP3,K4,袜子,9.00,,,,,,,,,MOON,,,,,\n"
    )
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert [(each["line"], each["code"], each["field"]) for each in errors(here, found)] == [
        ("4", "P2", "status"),
        ("5", "P3", "channels"),
    ]
    product = await Product.get().prefetch_related("brand", "category")
    assert (product.slug, product.description, product.status) == (
        "tee",
        "纯棉",
        ProductStatus.DRAFT,
    )
    assert (product.tags, [each["url"][-5:] for each in product.media]) == (
        ["新品", "夏"],
        ["1.jpg", "2.jpg"],
    )
    category = await Category.get(code="TEE").prefetch_related("parent")
    assert (category.name, category.parent.code) == ("T恤", "TOPS")
    assert (product.brand.name, product.category.id) == ("木棉", category.id)
    channels = await products.channels_of(here, [product.id])
    assert channels[product.id] == ["APP", "STORE"]
    assert await Variant.filter(product_id=product.id).count() == 2
    variant = await Variant.get(sku="K1")
    assert (variant.name, variant.compare_at_minor) == ("红", 7_900)
    assert {each.gtin for each in await VariantGtin.all()} == {first, second}


SHOWN = (
    "编码,货号,名称,售价,属性,相关商品,规格图片,品牌编码,品牌标志,品牌故事,分类编码,分类图片,分类排序\n"
    "P1,K1,茶,1.00,产地：福建|Net weight=250 g|a=b=c,P2|P9,https://cdn.example/v.jpg,B,"
    "https://cdn.example/l.jpg,百年老店,C,https://cdn.example/c.jpg,2.0\n"
    "P1,K2,茶,1.00,,,,,,,,,\n"
    "P2,K3,碗,1.00,没有值,,,,,,,,\n"
    "P3,K4,碗,1.00,,,,B,,,C,,-1\n"
    "P4,K5,碗,1.00,,P4,,,,,,,\n"
    "P5,K6,碗,1.00,,,,B,ftp://x,,,,\n"
)
FAULTS = [
    ("4", "P2", "attributes"),
    ("5", "P3", "categoryPosition"),
    ("6", "P4", "relatedCodes"),
    ("7", "P5", "brandLogo.url"),
]


async def shown() -> tuple[object, ...]:
    product = await Product.get(code="P1").prefetch_related("brand", "category")
    media = {each.sku: each.media for each in await Variant.all()}
    brand, category = product.brand, product.category
    return (
        [(each["key"], each["value"]) for each in product.attributes],
        (product.related_codes, media["K1"][0]["url"], media["K2"]),
        (brand.logo["url"], brand.story, category.image["url"], category.position),
    )


AS_WRITTEN = (
    [("产地", "福建"), ("Net weight", "250 g"), ("a", "b=c")],
    (["P2", "P9"], "https://cdn.example/v.jpg", None),
    ("https://cdn.example/l.jpg", "百年老店", "https://cdn.example/c.jpg", 2),
)


async def test_lines_say_what_pages_show_in_bulk(here: Context) -> None:
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, SHOWN))
    assert [(each["line"], each["code"], each["field"]) for each in errors(here, found)] == FAULTS
    assert await shown() == AS_WRITTEN
    again = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, SHOWN))
    assert (again.created, again.updated) == (0, 0)


async def test_and_on_the_command_line(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(SHOWN, encoding="utf-8")
    report = await import_file(
        ctx, ImportFile(path, BulkKind.CATALOG), draft_of, lambda done, total: None
    )
    assert [str(line) for line, _, _ in report.failed] == [line for line, _, _ in FAULTS]
    assert await shown() == AS_WRITTEN


@pytest.mark.parametrize("distance", [1, 600])
async def test_of_lines_that_show_a_brand_differently_the_last_decides(
    here: Context, distance: int
) -> None:
    header = "code,name,price,brand_code,brand_logo,category_code,category_position\n"
    lines = ["P0,茶,1,B,https://cdn.example/1,C,1\n"]
    lines += [f"X{each},茶,1,,,,\n" for each in range(distance)]
    lines.append("P1,茶,1,B,https://cdn.example/2,C,2\n")
    text = header + "".join(lines)
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.rows_failed, found.created) == (0, distance + 2)
    brand, category = await Brand.get(code="B"), await Category.get(code="C")
    assert (brand.logo["url"], category.position) == ("https://cdn.example/2", 2)


@pytest.mark.parametrize(
    ("kind", "header", "column"),
    [
        (BulkKind.CATALOG, "code,name,price,colour", "colour"),
        (BulkKind.STOCK, "location_code,sku,quantity,compare_qantity", "compare_qantity"),
        (BulkKind.PRICES, "sku,price,valid_form,list_code", "valid_form"),
        (BulkKind.STORES, "code,name,address,lattitude", "lattitude"),
    ],
)
async def test_a_column_that_nobody_reads_is_told_before_anything_is_done(
    here: Context, kind: BulkKind, header: str, column: str
) -> None:
    text = f"{header}\n1,1,1,1\n"
    found = await ended(here, await a_bulk_operation(here, kind, text))
    assert (found.status, found.rows_done) == (BulkStatus.FAILED, 0)
    assert (found.error or "").startswith(f"Line 1: There is no column {column}; ")


async def test_columns_without_a_name_are_left_alone(here: Context) -> None:
    text = "code,name,price,,\nP1,茶,1.00,,\nP2,茶,1.00,,\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.status, found.created) == (BulkStatus.COMPLETED, 2)


async def test_the_command_line_takes_variants_too(ctx: Context, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + sizes("P1", 3) + sizes("P2", 1) + sizes("P1", 2, first=3))
    report = await import_file(
        ctx, ImportFile(path, BulkKind.CATALOG), draft_of, lambda done, total: None
    )
    assert (report.created, report.updated, report.failed) == (2, 1, [])
    assert await Variant.all().count() == 6
    path.write_text(HEADER + sizes("P1", 2) + sizes("P1", 1))
    report = await import_file(
        ctx, ImportFile(path, BulkKind.CATALOG), draft_of, lambda done, total: None
    )
    assert (report.unchanged, report.failed) == (2, [])
