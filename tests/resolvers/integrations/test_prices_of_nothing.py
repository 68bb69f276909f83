"""A price of 0 is taken, and said: in the row's result, in files, in bulk and at the command line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from models.bounds import BULK_NOTES
from models.catalog.products import Variant
from models.integrations.bulk import BulkFormat, BulkKind
from resolvers.bulk_rows import OnError
from resolvers.catalog.prices.setting import PriceDraft, set_prices
from resolvers.context import Context
from resolvers.integrations.bulk.imports import ImportFile, import_file
from resolvers.integrations.files.reports import SHOWN
from schema.integrations.bulk_rows import draft_of
from tests.make.api import Api
from tests.make.bulk import a_bulk_operation, ended, lines, results
from tests.make.goods import a_product, put

SAID = "The price is 0: whoever buys it pays nothing."
NOTED = "Some rows have warnings: see the results."


def told(text: str) -> str:
    return f"sku,price\nA,{text}\nB,1.00\n"


async def test_a_file_of_prices_warns_and_sets_the_price(here: Context) -> None:
    await put(here, a_product("A"), a_product("B"))
    found = await ended(here, await a_bulk_operation(here, BulkKind.PRICES, told("0.00")))
    assert (found.rows_failed, found.updated, found.notes) == (0, 2, [NOTED])
    first, second = results(here, found)
    assert first["warnings"] == [{"field": "price", "message": SAID}]
    assert "errors" not in first
    assert "warnings" not in second
    assert (await Variant.get(sku="A")).price_minor == 0


async def test_a_file_without_such_a_price_notes_nothing(here: Context) -> None:
    await put(here, a_product("A"), a_product("B"))
    found = await ended(here, await a_bulk_operation(here, BulkKind.PRICES, told("0.01")))
    assert found.notes == []
    assert not any("warnings" in each for each in results(here, found))


async def test_many_chunks_note_it_once_and_a_rehearsal_notes_it_too(here: Context) -> None:
    skus = [f"S{number:04}" for number in range(600)]
    for start in (0, 300):
        await put(here, *(a_product(sku) for sku in skus[start : start + 300]))
    rows = lines(*({"sku": sku, "price": "0"} for sku in skus))
    options = {"form": BulkFormat.JSONL}
    for dry_run in (True, False):
        found = await ended(
            here, await a_bulk_operation(here, BulkKind.PRICES, rows, dry_run=dry_run, **options)
        )
        assert found.notes == [NOTED]
        assert sum("warnings" in each for each in results(here, found)) == len(skus)
    assert len(found.notes or []) <= BULK_NOTES


async def test_a_product_of_several_lines_is_warned_of_at_the_right_one(here: Context) -> None:
    text = "code,sku,name,price\nP,P-1,x,1.00\nP,P-2,x,0\nP,P-3,x,1.00\nQ,Q-1,x,0\n"
    found = await ended(here, await a_bulk_operation(here, BulkKind.CATALOG, text))
    assert (found.rows_failed, found.created) == (0, 2)
    warned = {each["line"]: each["warnings"] for each in results(here, found) if "warnings" in each}
    expected = [{"field": "variants.0.price", "message": SAID}]
    assert warned == {3: expected, 5: expected}


async def test_a_line_that_fails_is_not_warned_of(here: Context) -> None:
    found = await ended(here, await a_bulk_operation(here, BulkKind.PRICES, told("0")))
    assert found.rows_failed == 2
    assert not any("warnings" in each for each in results(here, found))
    assert found.notes == []


async def test_the_command_line_says_it(ctx: Context, tmp_path: Path) -> None:
    skus = [f"S{number:02}" for number in range(SHOWN + 3)]
    await put(ctx, *(a_product(sku) for sku in skus))
    path = tmp_path / "prices.csv"
    path.write_text("sku,price\n" + "".join(f"{sku},0\n" for sku in skus))
    report = await import_file(
        ctx, ImportFile(path, BulkKind.PRICES), draft_of, lambda done, total: None
    )
    shown = str(report).splitlines()
    assert shown[0].endswith("0 failed.")
    assert f"{len(skus)} with a warning:" in shown
    assert f"Line 2, S00: price: {SAID}" in shown
    assert shown[-1] == "… and 3 more."
    assert report.verdict() == ""


async def test_a_replay_warns_again(ctx: Context) -> None:
    await put(ctx, a_product("A"))
    rows = [PriceDraft(sku="A", price=Decimal(0))]
    first = await set_prices(ctx, rows, OnError.REJECT_ALL, "k")
    again = await set_prices(ctx, rows, OnError.REJECT_ALL, "k")
    for outcome in (first, again):
        (warning,) = outcome.rows[0].warnings
        assert (str(warning), warning.path) == (SAID, ("rows", 0, "price"))
        assert outcome.rows[0].ok


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_result_of_a_row_has_it_in_the_caller_s_language(api: Api, language: str) -> None:
    admin = (await api.staff()).speaking(language)
    row = {"code": "A", "name": "A", "variants": [{"sku": "A", "price": "0"}]}
    fields = "results { ok warnings { message path } userErrors { code } } userErrors { code }"
    put_ = (
        f"mutation($input: CatalogUpsertInput!) {{ catalogUpsert(input: $input) {{ {fields} }} }}"
    )
    set_ = f"mutation($input: PriceSetInput!) {{ priceSet(input: $input) {{ {fields} }} }}"
    (of_product,) = (await admin.do(put_, input={"products": [row]}))["results"]
    rows = [{"sku": "A", "price": "0.00"}]
    given = {"rows": rows, "idempotencyKey": "k"}
    (of_price,) = (await admin.do(set_, input=given))["results"]
    assert of_product["ok"]
    assert of_price["ok"]
    assert of_product["warnings"][0]["path"] == ["products", "0", "variants", "0", "price"]
    assert of_price["warnings"][0]["path"] == ["rows", "0", "price"]
    said = {each["warnings"][0]["message"] for each in (of_product, of_price)}
    assert len(said) == 1
    assert (SAID in said) == (language == "en")
    kept = {"products": [{**row, "variants": [{"sku": "A", "price": "1"}]}]}
    assert (await admin.do(put_, input=kept))["results"][0]["warnings"] == []
