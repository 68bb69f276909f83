"""A text longer than whatever it is compared with is simply not found, in queries and in inputs."""

from __future__ import annotations

from typing import Any

from resolvers.validation import LONGEST_TEXT
from tests.make.api import Api

LONG = "x" * LONGEST_TEXT
QUERIES = [
    "product(code: $long) { id }",
    "product(slug: $long) { id }",
    "variant(sku: $long) { id }",
    "variant(gtin: $long) { id }",
    "store(code: $long) { id }",
    "order(number: $long) { id }",
    "supplier(code: $long) { id }",
    "organisation(code: $long) { id }",
]
LISTS = [
    "products(filter: {brandCode: $long})",
    "products(filter: {categoryCode: $long})",
    "products(filter: {tags: [$long]})",
    "products(filter: {options: [{name: $long, value: $long}]})",
    "productFacets(filter: {brandCode: $long})",
]
INPUTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("organisationUpsert", {"code": "N", "name": "n", "kind": "REGION", "parentCode": LONG}, ["parentCode"]),
    ("storefrontCreate", {"name": "n", "channel": "APP", "organisationCode": LONG}, ["organisationCode"]),
    ("webhookCreate", {"url": "https://erp.example", "topics": ["ALL"], "organisationCode": LONG},
     ["organisationCode"]),
    ("storeUpsert", {"stores": [{"code": LONG, "name": "n", "address": {"street": "s"}}]},
     ["stores", "0", "code"]),
    ("assortmentSet", {"rows": [{"productCode": LONG, "carried": True}]}, ["rows", "0", "productCode"]),
]  # fmt: skip


async def test_no_text_is_too_long_to_be_looked_for(api: Api) -> None:
    admin = await api.staff()
    for query in QUERIES:
        answer = await admin.ask(f"query($long: String!) {{ found: {query} }}", long=LONG)
        assert answer == {"found": None}, query
    for query in LISTS:
        text = f"query($long: String!) {{ found: {query} {{ totalCount }} }}"
        assert (await admin.ask(text, long=LONG))["found"] == {"totalCount": 0}, query
    categories = "query($long: String!) { categories(parentCode: $long) { id } }"
    assert await admin.ask(categories, long=LONG) == {"categories": []}


async def test_no_input_is_too_long_to_be_refused_with_its_path(api: Api) -> None:
    admin = await api.staff()
    for mutation, given, path in INPUTS:
        kind = mutation[0].upper() + mutation[1:]
        text = (
            f"mutation($input: {kind}Input!) {{ {mutation}(input: $input)"
            " { userErrors { code message path } } }"
        )
        (error,) = await admin.refused(text, input=given)
        assert (error["code"] in ("INVALID", "NOT_FOUND"), error["path"]) == (True, path), error
        assert len(error["message"]) < 600
    wrong = {"username": LONG, "password": "a-password"}
    sign_in = (
        "mutation($input: StaffSignInInput!) { staffSignIn(input: $input) { userErrors { code } } }"
    )
    assert await api.refused(sign_in, input=wrong)
