"""Lists that are sorted by text have one order, on every database and in every locale."""

from __future__ import annotations

import pytest

from models.database import fetch, is_postgres
from tests.make.api import Api
from tests.make.products import UPSERT

NAMES = [
    "apple",
    "Zebra",
    "_x",
    "-y",
    "10",
    "9",
    "éclair",
    "e clair",
    "Ａ",
    "牛奶",
    "苹果",
    "a-b",
    "ab",
    "a b",
    "😀",
]
SORTED = (
    ("product", "name"), ("product_tag", "tag"), ("brand", "code"), ("category", "code"),
    ("location", "code"), ("organisation", "code"), ("organisation", "path"), ("member_card", "number"),
)  # fmt: skip
PAGE = """query($after: String, $before: String, $first: Int, $last: Int) {
  products(sort: NAME, first: $first, last: $last, after: $after, before: $before) {
    edges { node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def test_names_come_by_their_bytes_page_by_page_and_back(api: Api) -> None:
    rows = [
        {"code": f"P{number}", "name": name, "variants": [{"sku": f"P{number}", "price": "1"}]}
        for number, name in enumerate([*NAMES, "apple"])
    ]
    await (await api.staff()).do(UPSERT, input={"products": rows})
    wanted = sorted([*NAMES, "apple"], key=str.encode)
    found: list[str] = []
    page = (await api.ask(PAGE, first=3))["products"]
    while True:
        found += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = (await api.ask(PAGE, first=3, after=page["pageInfo"]["endCursor"]))["products"]
    assert found == wanted
    back: list[str] = []
    page = (await api.ask(PAGE, last=4))["products"]
    while True:
        back = [edge["node"]["name"] for edge in page["edges"]] + back
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        page = (await api.ask(PAGE, last=4, before=page["pageInfo"]["startCursor"]))["products"]
    assert back == wanted


async def test_postgres_sorts_by_bytes_in_any_locale(database: str) -> None:
    if not is_postgres():
        pytest.skip("SQLite knows no other order")
    for table, column in SORTED:
        found = await fetch(
            "SELECT c.collname AS name FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation"
            " WHERE a.attrelid = ?::text::regclass AND a.attname = ?",
            table,
            column,
        )
        assert [row["name"] for row in found] == ["C"], (table, column)
