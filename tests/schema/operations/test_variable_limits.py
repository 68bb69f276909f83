"""Long values in variables are refused before anything is made of them, by the name of their field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import get_operation_ast, parse

from models.errors import InvalidInput
from models.integrations.bulk import BulkFormat
from models.text import chinese
from resolvers.integrations.files.row_files import RowFile
from resolvers.validation import LONGEST_TEXT
from schema import schema
from schema.operations.documents.documents import DocumentRefused
from schema.operations.variable_limits import LONGEST_LIST, LONGEST_NAME, Door
from tests.make.api import Api

STORES = "query($filter: StoreFilter) { stores(filter: $filter) { totalCount } }"
PRODUCTS = "query($filter: ProductFilter) { products(filter: $filter) { totalCount } }"
CART = "mutation($input: CartCreateInput!) { cartCreate(input: $input) { userErrors { code } } }"
LONG = "台" * (LONGEST_TEXT + 1)
NAME = "n" * (LONGEST_NAME + 1)
REFUSED: list[tuple[str, dict[str, Any], list[str], str]] = [
    (STORES, {"filter": {"cityName": LONG}}, ["filter", "cityName"], "characters"),
    (PRODUCTS, {"filter": {"tags": ["a", LONG]}}, ["filter", "tags", "1"], "characters"),
    (PRODUCTS, {"filter": {"tags": LONG}}, ["filter", "tags"], "characters"),
    (PRODUCTS, {"filter": {"status": NAME}}, ["filter", "status"], "characters"),
    (PRODUCTS, {"filter": {"priceFrom": "9" * (LONGEST_TEXT + 1)}}, ["filter", "priceFrom"], "characters"),
    (PRODUCTS, {"filter": {"tags": ["a"] * (LONGEST_LIST + 1)}}, ["filter", "tags"], "entries"),
    (PRODUCTS, {"filter": {"options": [{}] * (LONGEST_LIST + 1)}}, ["filter", "options"], "entries"),
    (PRODUCTS, {"filter": {f"f{n}": 1 for n in range(1_000)}}, ["filter"], "fields"),
    (PRODUCTS, {"filter": {NAME: 1}}, ["filter"], "name"),
    (PRODUCTS, {"filter": {"options": {f"f{n}": 1 for n in range(9)}}}, ["filter", "options"], "fields"),
    (CART, {"input": {"lines": [{"variantId": LONG, "quantity": 1}]}},
     ["input", "lines", "0", "variantId"], "characters"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "variables", "field", "fault"), REFUSED, ids=lambda each: str(each)[:40]
)
async def test_what_is_too_long_is_refused_by_the_name_of_its_field(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    document: str,
    variables: dict[str, Any],
    field: list[str],
    fault: str,
) -> None:
    spelled: list[str] = []
    monkeypatch.setattr(chinese, "product", lambda *characters: spelled.extend(characters) or [])
    answer = await api.send(document, **variables)
    assert "data" not in answer
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INVALID"
    assert error["extensions"]["field"] == field
    assert error["message"].startswith(".".join(field))
    assert fault in error["message"]
    assert len(error["message"]) <= 500
    assert spelled == []


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (STORES, {"filter": {"cityName": 7}}),
        (PRODUCTS, {"filter": {"tags": [{}]}}),
        (PRODUCTS, {"filter": "x"}),
        (PRODUCTS, {"filter": {"status": "N" * LONGEST_NAME, "nothing": 1}}),
        (PRODUCTS, {"filter": {"priceFrom": "9" * LONGEST_TEXT}}),
        (PRODUCTS, {"unknown": LONG, "filter": None}),
    ],
)
def test_the_door_leaves_what_is_short_to_the_executors(
    document: str, variables: dict[str, Any]
) -> None:
    operation = get_operation_ast(parse(document))
    assert operation
    Door(schema._schema, operation).check(variables)


def test_the_door_looks_at_each_value_once() -> None:
    class Text(str):
        __slots__ = ()
        looked_at = 0

        def __len__(self) -> int:
            Text.looked_at += 1
            return super().__len__()

    operation = get_operation_ast(parse(PRODUCTS))
    assert operation
    values = [Text("a") for _ in range(LONGEST_LIST)]
    Door(schema._schema, operation).check({"filter": {"tags": values}})
    assert Text.looked_at == len(values)
    with pytest.raises(DocumentRefused):
        Door(schema._schema, operation).check({"filter": {"tags": [*values, Text("a")]}})
    assert Text.looked_at == len(values)


@pytest.mark.parametrize("length", [101, LONGEST_TEXT])
async def test_a_city_is_short_before_it_is_spelled(
    api: Api, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(chinese, "product", lambda *_: pytest.fail("it is spelled"))
    answer = await api.send(STORES, filter={"cityName": "台" * length})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"
    assert len(answer["errors"][0]["message"]) <= 500


async def test_no_error_says_much_of_what_was_sent(api: Api) -> None:
    text = "x" * LONGEST_TEXT
    for variables in (
        {"filter": {"priceFrom": text}},
        {"filter": {"nothing": text}},
        {"filter": {"brandCode": [text]}},
        {"filter": text},
    ):
        answer = await api.send(PRODUCTS, **variables)
        assert all(len(each["message"]) <= 500 for each in answer["errors"]), variables
    answer = await api.send("{ " + "x" * 20_000 + " }")
    assert all(len(each["message"]) <= 500 for each in answer["errors"])


async def test_what_a_refused_query_brings_is_paid_for(api: Api) -> None:
    options = [{"name": "a", "value": 7}] * 50  # a value that is no text
    answer = await api.send(PRODUCTS, filter={"options": options})
    assert answer["errors"]
    cost = answer["extensions"]["cost"]
    assert cost["actual"] >= 50 * 150
    good = await api.send(PRODUCTS, filter={"options": []})
    assert good["extensions"]["cost"]["actual"] < 50 * 150


def rows_of(path: Path, form: BulkFormat, text: str) -> list[Any]:
    path.write_text(text, encoding="utf-8")
    file = RowFile(path, form, [["name"]], ["name"])
    rows = [row.value for row in file.rows(10)]
    file.close()
    return rows


def test_a_cell_of_a_file_is_no_longer_than_any_text(tmp_path: Path) -> None:
    lines = ["name", "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1)]
    longest, fault = rows_of(tmp_path / "a.csv", BulkFormat.CSV, "\n".join(lines))
    assert longest.text("name") == "x" * LONGEST_TEXT
    assert isinstance(fault, InvalidInput)
    assert fault.path == ("name",)
    lines = ['{"a": ["' + "x" * length + '"]}' for length in (9, LONGEST_TEXT + 1)]
    short, fault = rows_of(tmp_path / "a.jsonl", BulkFormat.JSONL, "\n".join(lines))
    assert short == {"a": ["x" * 9]}
    assert "more than 32768 characters" in str(fault)


def door_of(document: str) -> Door:
    operation = get_operation_ast(parse(document))
    assert operation
    return Door(schema._schema, operation)


def test_few_unknown_names_of_a_possible_length_are_left_to_the_executors() -> None:
    door, fields = door_of(PRODUCTS), len(schema._schema.type_map["ProductFilter"].fields)
    names = {f"f{n}": 1 for n in range(2 * fields)}
    door.check({"filter": names})
    with pytest.raises(DocumentRefused, match="more fields"):
        door.check({"filter": {**names, "more": 1}})
    door.check({"filter": {NAME[:-1]: 1}})
    with pytest.raises(DocumentRefused, match="name"):
        door.check({"filter": {NAME: 1, "status": "ACTIVE"}})


@pytest.mark.parametrize("variables", [None, {}, {"other": LONG}])
def test_what_is_not_given_and_what_nothing_asks_for_is_not_looked_at(
    variables: dict[str, Any] | None,
) -> None:
    door_of(PRODUCTS).check(variables)
