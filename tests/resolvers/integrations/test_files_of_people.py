"""Files as Excel, WPS and old ERPs write them: the same outcome by bulk operation and by command line."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from openpyxl import Workbook

from models.catalog.classification import Category
from models.catalog.products import Product, Variant
from models.integrations.bulk import BulkFormat, BulkKind, BulkStatus
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.integrations.bulk.imports import ImportFile, import_file
from resolvers.integrations.files.file_forms import FileEncoding
from schema.integrations.bulk_rows import draft_of
from tests.make.bulk import a_bulk_operation, ended, errors, results
from tests.make.goods import a_gtin, a_product, a_store, a_variant, open_stores, put

WAYS = ("bulk operation", "command line")
PRODUCTS = "code,name,price\n"


async def done(
    ctx: Context, way: str, kind: BulkKind, content: str | bytes, folder: Path, **options: Any
) -> list[tuple[int, str]]:
    """The lines that failed and why; every other line of the file was done."""
    name = options.pop("name", "rows.csv")
    if way == "bulk operation":
        form = options.pop("form", None)
        operation = await ended(
            ctx, await a_bulk_operation(ctx, kind, content, form=form, name=name, **options)
        )
        assert operation.status is BulkStatus.COMPLETED, operation.error
        failed = [(int(each["line"]), each["message"]) for each in errors(ctx, operation)]
        assert operation.rows_failed == len(failed)
        assert operation.rows_done == len(results(ctx, operation))
        return failed
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = ImportFile(path, kind, options.get("encoding"))
    report = await import_file(ctx, file, draft_of, lambda done, total: None)
    failed = [(line, message) for line, _, message in report.failed]
    return [*failed, report.ended] if report.ended else failed


async def names() -> dict[str, str]:
    return {each.code: each.name for each in await Product.all()}


async def available() -> list[int]:
    return [each.available for each in await StockLevel.all().order_by("id")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "fault",
    [
        b"P2,a,b,1.00,too,many\n",
        b"P2,\xff\xfe,1.00\n",
        b"P2,a\0b,1.00\n",
        b'P2,"a"b,1.00\n',
        b'P2,"never closed,1.00\n',
        b"P2," + b"x" * 1_100_000 + b",1.00\n",
        b"P2,,1.00\n",
        b"P2,dear,much\n",
    ],
    ids=["cells", "utf-8", "nul", "quote", "open quote", "long", "name", "price"],
)
@pytest.mark.parametrize("place", ["first", "last"])
async def test_a_row_fails_alone(
    here: Context, tmp_path: Path, way: str, fault: bytes, place: str
) -> None:
    rows = [f"P{number},茶{number},1.00\n".encode() for number in (0, 1, 3, 4)]
    rows.insert(0 if place == "first" else 4, fault)
    content = PRODUCTS.encode() + b"".join(rows)
    failed = await done(here, way, BulkKind.CATALOG, content, tmp_path)
    assert [line for line, _ in failed] == [2 if place == "first" else 6]
    assert sorted(await names()) == ["P0", "P1", "P3", "P4"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line", ["null", "5", '"x"', "[]", "{", '{"sku": "a\\u0000b"}', "\xff"])
async def test_a_line_of_json_fails_alone(
    here: Context, tmp_path: Path, way: str, line: str
) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, a_product("P1"), a_product("P2"))
    sound = [
        orjson.dumps({"locationCode": "S1", "sku": sku, "quantity": 3}) for sku in ("P1", "P2")
    ]
    content = b"\n".join([sound[0], line.encode("latin-1"), sound[1]])
    failed = await done(here, way, BulkKind.STOCK, content, tmp_path, name="rows.jsonl")
    assert [number for number, _ in failed] == [2]
    assert await available() == [3, 3]


@pytest.mark.parametrize("kind", BulkKind)
async def test_json_of_nothing_is_no_row_of_any_kind(
    here: Context, tmp_path: Path, kind: BulkKind
) -> None:
    failed = await done(here, "bulk operation", kind, "null\n", tmp_path, name="rows.jsonl")
    assert [line for line, _ in failed] == [1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("apart", [0, 700])
async def test_the_last_row_decides_however_far_apart_they_are(
    here: Context, tmp_path: Path, way: str, apart: int
) -> None:
    between = "".join(f"B{number},水,1.00,,\n" for number in range(apart))
    text = "code,name,price,category_code,category_name\n"
    text += f"A1,茶,1.00,XC,茶叶\n{between}A2,茶,2.00,XC,饮料\nA1,茶,3.00,,\n"
    assert await done(here, way, BulkKind.CATALOG, text, tmp_path) == []
    assert (await Category.get(code="XC")).name == "饮料"
    assert (await Variant.get(sku="A1")).price_minor == 300
    assert await Product.all().count() == 2 + apart


@pytest.mark.parametrize("way", WAYS)
async def test_the_same_level_twice_ends_as_the_last_row_says(
    here: Context, tmp_path: Path, way: str
) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, a_product("P1"))
    text = "location_code,sku,quantity\nS1,P1,10\nS1,P1,20\nS1,P1,-3\n"
    failed = await done(here, way, BulkKind.STOCK, text, tmp_path)
    assert [line for line, _ in failed] == [4]
    assert await available() == [20]


@pytest.mark.parametrize("way", WAYS)
async def test_a_barcode_finds_its_variant(here: Context, tmp_path: Path, way: str) -> None:
    await open_stores(here, a_store("S1"))
    first, other = a_gtin(1), a_gtin(2)
    await put(
        here,
        a_product("P1", variants=[a_variant("MILK", gtins=[first])]),
        a_product("P2", variants=[a_variant("TEA", gtins=[other])]),
    )
    text = (
        f"location_code,sku,gtin,quantity\nS1,,{first},7\nS1,,{a_gtin(3)},7\nS1,,123,7\n"
        f"S1,TEA,{first},9\nS1,TEA,{other},8\n"
    )
    failed = dict(await done(here, way, BulkKind.STOCK, text, tmp_path))
    assert sorted(failed) == [3, 4, 5]
    assert f"There is no variant with the barcode {a_gtin(3)}." in failed[3]
    assert f"The barcode {first} is that of MILK." in failed[5]
    assert sorted(await available()) == [7, 8]
    prices = f"gtin,price\n{first},9.90\n"
    assert await done(here, way, BulkKind.PRICES, prices, tmp_path) == []
    assert (await Variant.get(sku="MILK")).price_minor == 990


def a_sheet(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


TABLE = "门店编码,货号,数量\nS1,0012,5\nS1,P2,１２\n"
FORMS: dict[str, bytes] = {
    "utf-8 with a mark": TABLE.encode("utf-8-sig"),
    "semicolons": TABLE.replace(",", ";").encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "declared delimiter": b"sep=;\r\n" + TABLE.replace(",", ";").encode(),
    "crlf": TABLE.replace("\n", "\r\n").encode(),
    "cr": TABLE.replace("\n", "\r").encode(),
    "utf-16 little": TABLE.encode("utf-16"),
    "utf-16 big": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "utf-16 without a mark": TABLE.replace("门店编码", "location_code")
    .replace("货号,数量", "sku,quantity")
    .encode("utf-16-le"),
    "gbk": TABLE.encode("gbk"),
    "excel's text": TABLE.replace("0012", '="0012"').encode(),
    "quoted text": TABLE.replace("0012", '"=""0012"""').encode(),
    "english": TABLE.replace("门店编码", "Location Code").replace("货号,数量", "SKU,Qty").encode(),
    "numbers": TABLE.replace(",5\n", ",5.0\n").replace("１２", "+1.2E+1").encode(),
    "xlsx": a_sheet(["门店编码", "货号", "数量"], ["S1", "0012", 5.0], [], ["S1", "P2", 12]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_table_is_read_in_whatever_form_it_was_saved(
    here: Context, tmp_path: Path, way: str, form: str
) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, a_product("0012"), a_product("P2"))
    name = "rows.xlsx" if form == "xlsx" else "rows.csv"
    assert await done(here, way, BulkKind.STOCK, FORMS[form], tmp_path, name=name) == []
    assert await available() == [5, 12]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("quantity", "accepted"),
    [("7.5", False), ("1_0", False), ("1,000", False), ("", False), ("1E+99", False), ("NaN", False),
     ("0x10", False), ("٧", False), ("7.", True), (" 7 ", True), ("7E0", True), ("＋７", True)],
)  # fmt: skip
async def test_numbers_have_one_rule(
    here: Context, tmp_path: Path, way: str, quantity: str, accepted: bool
) -> None:
    await open_stores(here, a_store("S1"))
    await put(here, a_product("P1"))
    text = f'location_code,sku,quantity\nS1,P1,"{quantity}"\n'
    failed = await done(here, way, BulkKind.STOCK, text, tmp_path)
    assert (not failed) is accepted
    assert await available() == ([7] if accepted else [])


@pytest.mark.parametrize("way", WAYS)
async def test_digits_that_a_spreadsheet_has_lost_are_said_so(
    here: Context, tmp_path: Path, way: str
) -> None:
    text = "code,gtin,name,price\nP1,6.92425E+12,茶,1\n"
    ((line, message),) = await done(here, way, BulkKind.CATALOG, text, tmp_path)
    assert line == 2
    assert "A spreadsheet has shortened this number" in message
    assert await Product.all().count() == 0


async def test_a_guess_is_noted_and_an_encoding_that_is_given_is_not(here: Context) -> None:
    content = "code,name,price\nP1,茶叶,1.00\n".encode("gbk")
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, content))
    assert found.notes == ["The file is not UTF-8. It was read as GBK."]
    content = content.replace(b"P1", b"P2")
    operation = await a_bulk_operation(
        here, BulkKind.CATALOG, content, encoding=FileEncoding.GB18030
    )
    assert (await ended(here, operation)).notes == []
    assert await names() == {"P1": "茶叶", "P2": "茶叶"}


async def test_the_format_must_be_that_of_the_file(here: Context) -> None:
    sheet = a_sheet(["code", "name", "price"], ["P1", "茶", 1])
    for content, form in ((sheet, BulkFormat.CSV), (b"code,name,price\n", BulkFormat.XLSX)):
        with pytest.raises(Exception, match="not in the format"):
            await a_bulk_operation(here, BulkKind.CATALOG, content, form=form)


async def test_a_sheet_keeps_its_row_numbers_and_reads_numbers_as_they_are(here: Context) -> None:
    sheet = a_sheet(
        ["code", "name", "price", "description"],
        ["P1", "茶", 1.5, "两行\n文字"],
        [],
        ["P2", "茶", "=1+1", None],
        [1001, "茶", 2, None],
    )
    operation = await a_bulk_operation(here, BulkKind.CATALOG, sheet, form=None, name="a.xlsx")
    found = await ended(here, operation)
    assert (found.format, found.rows_failed) == (BulkFormat.XLSX, 1)
    assert [each["line"] for each in errors(here, found)] == ["4"], "a formula without a result"
    assert sorted(await names()) == ["1001", "P1"]
    assert (await Product.get(code="P1")).description == "两行\n文字"


async def test_the_errors_open_in_excel(here: Context) -> None:
    from resolvers.integrations.bulk.storage import errors_of

    rows = "".join(f"P{number},,1.00\n" for number in range(1_100))
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, PRODUCTS + rows))
    content = errors_of(here.settings, found).read_bytes()
    assert content.startswith(b"\xef\xbb\xbfline,")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert len(errors(here, found)) == 1_100
