"""What any cache may keep: anonymous queries by GET for public fields of the catalogue, nothing else."""

from __future__ import annotations

import httpx
import pytest
from graphql import get_operation_ast, parse, validate

from schema import schema
from schema.operations.cacheable_fields import is_public
from tests.make.api import Api
from tests.make.shop import open_shop

PUBLIC = "{ products(first: 2) { edges { node { id name variants { sku price { amount } } } } } }"
VARY = {
    *("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "X-Storefront-Key"),
    "Origin",  # in development, pages of this machine may ask
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (PUBLIC, True),
        (("query A($s: String) { product(slug: $s) { ...P brand { name } } } "
         "fragment P on Product { name ... { priceRange { lowest { amount } } variants { ...V } } } "
         "fragment V on Variant { sku gtins __typename product { ...Q } } "
         "fragment Q on Product { slug ... on Node { id } }"), True),
        ("{ products { totalCount pageInfo { endCursor } } brands { name } categories { code } }", True),
        ("{ products { edges { node { variants { available } } } } }", False),
        (("{ product(slug: \"a\") { ...P } } fragment P on Product { variants { ...V } } "
         "fragment V on Variant { stockLevels { edges { node { available } } } }"), False),
        ("{ product(slug: \"a\") { organisation { name } } }", False),
        ("{ brands { name } viewer { channel } }", False),
        ("{ node(id: \"x\") { id } }", False),
        ("{ __schema { queryType { name } } }", False),
        ("{ brands { name } __type(name: \"Brand\") { name } }", False),
    ],
)  # fmt: skip
def test_an_operation_is_public_when_all_its_fields_are(query: str, expected: bool) -> None:
    parsed = parse(query)
    assert validate(schema._schema, parsed) == []
    operation = get_operation_ast(parsed)
    assert operation
    assert is_public(schema._schema, parsed, operation) is expected


async def get(api: Api, query: str, **headers: str) -> httpx.Response:
    return await api.client.get("/graphql", params={"query": query}, headers=headers)


async def test_a_public_answer_is_kept_and_asked_about_again(api: Api) -> None:
    first = await get(api, PUBLIC)
    assert first.headers["cache-control"] == "public, max-age=60"
    assert set(first.headers["vary"].split(", ")) == VARY
    etag = first.headers["etag"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = await get(api, PUBLIC, **{"If-None-Match": known, "Accept-Encoding": "br"})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert again.headers["vary"] == first.headers["vary"]
        assert "content-length" not in again.headers
    assert (await get(api, PUBLIC, **{"If-None-Match": '"other"'})).json() == first.json()
    await open_shop(await api.staff(), pieces=1)
    changed = await get(api, PUBLIC, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert len(changed.json()["data"]["products"]["edges"]) == 1


async def test_everything_else_is_kept_by_nobody(api: Api) -> None:
    staff = await api.staff()
    answers: list[httpx.Response] = [
        await get(api, PUBLIC, **staff.headers),
        await get(api, "{ viewer { channel } }"),
        await get(api, "{ products { edges { node { variants { available } } } } }"),
        await get(api, '{ products(after: "nothing") { totalCount } }'),  # an error
        await get(api, "{ nothing }"),
        await api.client.post("/graphql", json={"query": PUBLIC}),
    ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    assert answers[3].json()["errors"]
