"""Digits by the thousand, wherever numbers are read: Python raises for more than 4,300 of them."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import InvalidInput
from resolvers.accounts.clients.lists import StorefrontQuery
from resolvers.integrations.files.csv_files import CsvRow
from resolvers.orm_pagination import cursor_of
from tests.make.api import Api

LONG = "1" * 5_000
DOCUMENTS = [
    f"{{ nodes(ids: {LONG}) {{ id }} }}",
    f"{{ products(first: {LONG}) {{ totalCount }} }}",
    f"query($n: Int = {LONG}) {{ products(first: $n) {{ totalCount }} }}",
    f"query($x: [ID!]! = [{LONG}]) {{ nodes(ids: $x) {{ id }} }}",
    f"{{ products(filter: {{priceFrom: {LONG}}}) {{ totalCount }} }}",
    f"{{ products(filter: {{priceFrom: -{LONG}.5e1}}) {{ totalCount }} }}",
    f"{{ node(id: {LONG}) @include(if: {LONG}) {{ id }} }}",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.replace(LONG, "…"))
async def test_a_document_with_a_long_number_is_refused(api: Api, document: str) -> None:
    answer = await api.send(document)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["INVALID"]
    assert answer["errors"][0]["message"] == "A number has at most 40 characters."


async def test_digits_in_a_text_are_no_number(api: Api) -> None:
    assert await api.ask(f'{{ product(code: "{LONG}") {{ id }} }}') == {"product": None}
    assert await api.ask(f"{{ nodes(ids: {'1' * 40}) {{ id }} }}") == {"nodes": [None]}


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("$x: Decimal", "products(filter: {priceFrom: $x}) { totalCount }"),
        ("$x: DateTime", "stores(filter: {openAt: $x}) { totalCount }"),
    ],
)
@pytest.mark.parametrize("given", [LONG, "9 " * 2_500, "-" + LONG, LONG + "e9"])
async def test_a_variable_with_long_digits_is_refused_briefly(
    api: Api, declared: str, used: str, given: str
) -> None:
    answer = await api.send(f"query({declared}) {{ {used} }}", x=given)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["INVALID"]
    assert len(answer["errors"][0]["message"]) <= 500


@pytest.mark.parametrize(
    "path",
    [
        f"/files/bulk/1/errors.csv?expires={LONG}&signature=x",
        "/files/bulk/1/errors.csv?expires=²&signature=x",
        f"/files/bulk/{LONG}/errors.csv?expires=9999999999&signature=x",
        "/files/bulk/x/errors.csv?expires=9999999999&signature=x",
    ],
)
async def test_a_link_with_long_digits_is_not_good(api: Api, path: str) -> None:
    assert (await api.client.get(path)).status_code == 403


@pytest.mark.parametrize("read", [CsvRow.decimal, CsvRow.whole, CsvRow.number, CsvRow.moment])
@pytest.mark.parametrize("text", [LONG, "\ufdfa" * 100])
def test_a_cell_of_digits_is_no_number(read: Any, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(CsvRow(1, {"price": text}), "price")
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    "key",
    [["a", "x"], ["a", 2**63], ["a", 1.5], ["a", None], ["\0", 1], [1, 1]],
)
async def test_a_forged_cursor_is_refused(api: Api, key: list[Any]) -> None:
    admin = await api.staff()
    ask = "query($after: String) { storefronts(first: 1, after: $after) { totalCount } }"
    tie = f"storefronts {StorefrontQuery()}"
    answer = await admin.send(ask, after=cursor_of(key, tie))
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["INVALID"]
    assert "storefronts" in await admin.ask(ask, after=cursor_of(["a", 1], tie))
