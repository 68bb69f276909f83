"""The largest permitted responses and inputs, each in one request."""

# ruff: noqa: E501 - documents of one line

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from graphql import get_introspection_query

from benchmarks.client import operation, request
from benchmarks.data import STOREFRONT_KEY, member_token
from benchmarks.purchase import ADDRESS
from schema.nodes.nodes import global_id

Variables = Mapping[str, Any]
PRODUCT = "id name slug description tags priceRange { lowest { amount } }"
VARIANT = "id sku name price { amount currency } available"
LINE = "variant { id sku name product { name slug } }"
ERRORS = "userErrors { code message path }"
ROWS = f"results {{ index externalCode ok {ERRORS} }} {ERRORS}"


@dataclass(frozen=True)
class Case:
    """One request by a visitor, a member or staff (`who`)."""

    title: str
    document: str
    variables: Callable[[], Variables] = field(default=dict)
    who: str = "visitor"
    body: Callable[[], bytes] | None = None
    encoding: str = ""

    def request(self, tokens: Mapping[str, str]) -> bytes:
        if self.body is None:
            return operation(
                self.document,
                self.variables(),
                token=tokens.get(self.who),
                storefront_key=STOREFRONT_KEY,
            )
        headers = {"Content-Type": "application/json", "X-Storefront-Key": STOREFRONT_KEY}
        if self.encoding:
            headers["Accept-Encoding"] = self.encoding
        if token := tokens.get(self.who):
            headers["Authorization"] = f"Bearer {token}"
        return request("POST", "/graphql", headers, self.body())


TOKENS = {"member": member_token(1)}
STORE_IDS = count(2)


def _variants(number: int) -> list[str]:
    return [global_id("Variant", each + 1) for each in range(number)]


def _lines(number: int) -> list[dict[str, Any]]:
    return [{"variantId": each, "quantity": 1} for each in _variants(number)]


def _keyed(**given: Any) -> Variables:
    return {"input": {**given, "idempotencyKey": str(uuid4())}}


def _product(number: int, variants: int) -> dict[str, Any]:
    mark = uuid4().hex[:6]
    return {
        "code": f"N{mark}{number}",
        "name": f"新品 {number}",
        "description": "很好的商品。" * 100,
        "tags": [f"tag{each}" for each in range(10)],
        "variants": [
            {
                "sku": f"N{mark}{number}-{each}",
                "price": "12.50",
                "options": [{"name": "size", "value": str(each)}],
            }
            for each in range(variants)
        ],
    }


def _catalog(products: int, variants: int) -> Variables:
    return {"input": {"products": [_product(each, variants) for each in range(products)]}}


def _checkout() -> dict[str, Any]:
    return {"lines": _lines(100), "fulfilments": [{"method": "EXPRESS"}], "address": ADDRESS}


def _padded(variables: object) -> bytes:
    return json.dumps(
        {"query": "query($x: [ID!]!) { nodes(ids: $x) { id } }", "variables": variables}
    ).encode()


def _list(fields: str, **arguments: int) -> str:
    asked = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    return f"{{ products({asked}) {{ edges {{ cursor node {{ {fields} }} }} pageInfo {{ endCursor }} }} }}"


ORDER = f"""id number totals {{ payable {{ amount }} }} lines {{ quantity total {{ amount }} {LINE} }}
  fulfilments {{ number lines {{ quantity {LINE} }} }} history {{ at to }} payments {{ status }}"""
DOCUMENT = f"id number status lines(first: 250) {{ {LINE} }} history {{ at to }}"
LONG = (
    "{ "
    + " ".join(
        f"a{number}: products(first: 1) {{ edges {{ node {{ id name }} }} }}"
        for number in range(80)
    )
    + " }"
)
INTROSPECTION = get_introspection_query()

READS = [
    Case(
        "250 products with 10 variants each",
        _list(f"{PRODUCT} variants(first: 10) {{ {VARIANT} }}", first=250),
    ),
    Case(
        "100 products with their variants", _list(f"{PRODUCT} variants {{ {VARIANT} }}", first=100)
    ),
    Case(
        "60 products to staff, variants and stock of each",
        _list(
            f"{PRODUCT} variants {{ {VARIANT} stockLevels(first: 5) {{ edges {{ node {{ available held location {{ code }} }} }} }} }}",
            first=60,
        ),
        who="staff",
    ),
    Case(
        "250 levels of the ledger",
        "{ stockMovements(first: 250) { edges { node { id quantity occurredAt reason variant { sku } location { code } } } } }",
        who="staff",
    ),
    Case(
        "250 changes",
        "{ changes(first: 250) { edges { cursor node { sequence type occurredAt } } } }",
        who="staff",
    ),
    Case(
        "facets of all products",
        "{ productFacets { totalCount brands { count brand { name } } categories { count category { name } } tags { value count } options { name values { value count } } priceBands { count } inStock } }",
    ),
    Case(
        "a search with 250 hits",
        '{ products(first: 250, filter: { search: "号" }, sort: RELEVANCE) { edges { node { id name slug } } } }',
    ),
    Case(
        "250 stores near a point",
        "{ stores(near: { latitude: 31.2, longitude: 121.4, system: WGS84 }, first: 250) { edges { distanceMetres node { code name hours { weekday opens } isOpen services position { latitude } address { city street } } } } }",
    ),
    Case(
        "an audit of the stock of a store, in full",
        "query($l: ID!) { stockAudit(locationId: $l, full: true) { checkedLevels drifts { state } } }",
        lambda: {"l": global_id("Store", 1)},
        who="staff",
    ),
    Case("an introspection", INTROSPECTION),
    Case("a document of 80 aliases, never seen before", LONG),
    Case(
        "250 nodes",
        "query($x: [ID!]!) { nodes(ids: $x) { id ... on Variant { sku name price { amount } product { name } } } }",
        lambda: {"x": _variants(250)},
    ),
]
WRITES = [
    Case(
        "500 products of one variant",
        f"mutation($input: CatalogUpsertInput!) {{ catalogUpsert(input: $input) {{ created {ROWS} }} }}",
        lambda: _catalog(500, 1),
        who="staff",
    ),
    Case(
        "50 products of 100 variants",
        f"mutation($input: CatalogUpsertInput!) {{ catalogUpsert(input: $input) {{ created {ROWS} }} }}",
        lambda: _catalog(50, 100),
        who="erp",
    ),
    Case(
        "500 stocks",
        f"mutation($input: StockSetInput!) {{ stockSet(input: $input) {{ levels {{ version available variant {{ sku }} }} {ROWS} }} }}",
        lambda: _keyed(
            rows=[
                {
                    "locationCode": "S01",
                    "sku": f"P{1 + each // 3:05}-{each % 3}",
                    "quantity": 7 + each,
                }
                for each in range(500)
            ]
        ),
        who="staff",
    ),
    Case(
        "500 prices",
        f"mutation($input: PriceSetInput!) {{ priceSet(input: $input) {{ {ROWS} }} }}",
        lambda: {
            "input": {
                "idempotencyKey": str(uuid4()),
                "rows": [
                    {
                        "sku": f"P{1 + each // 3:05}-{each % 3}",
                        "price": "9.90",
                        "listCode": "WECHAT",
                    }
                    for each in range(500)
                ],
            }
        },
        who="staff",
    ),
    Case(
        "500 assortments",
        f"mutation($input: AssortmentSetInput!) {{ assortmentSet(input: $input) {{ {ROWS} }} }}",
        lambda: {
            "input": {
                "rows": [
                    {
                        "sku": f"P{1 + each // 3:05}-{each % 3}",
                        "locationCode": "S01",
                        "carried": True,
                    }
                    for each in range(500)
                ]
            }
        },
        who="staff",
    ),
    Case(
        "500 faulty products",
        f"mutation($input: CatalogUpsertInput!) {{ catalogUpsert(input: $input) {{ created {ROWS} }} }}",
        lambda: {
            "input": {
                "products": [
                    {"code": "", "name": "", "variants": [{"sku": "", "price": "-1"}] * 10}
                    for _ in range(500)
                ]
            }
        },
        who="erp",
    ),
    Case(
        "a purchase order of 500 lines",
        f"mutation($input: PurchaseOrderCreateInput!) {{ purchaseOrderCreate(input: $input) {{ purchaseOrder {{ {DOCUMENT} }} {ERRORS} }} }}",
        lambda: _keyed(
            supplierCode="S1",
            supplierName="S",
            destinationId=global_id("Store", 1),
            lines=[{**each, "unitCost": "1.00"} for each in _lines(500)],
        ),
        who="staff",
    ),
    Case(
        "a stocktake of 500 lines",
        f"mutation($input: StocktakeOpenInput!) {{ stocktakeOpen(input: $input) {{ stocktake {{ {DOCUMENT} }} {ERRORS} }} }}",
        lambda: {
            "input": {
                "locationId": global_id("Store", next(STORE_IDS)),
                "variantIds": _variants(500),
            }
        },
        who="staff",
    ),
    Case(
        "a cart of 100 lines",
        f"mutation($l: [CartLineInput!]) {{ cartCreate(input: {{ lines: $l }}) {{ cart {{ id subtotal {{ amount }} lines {{ quantity {LINE} }} }} {ERRORS} }} }}",
        lambda: {"l": _lines(100)},
        who="member",
    ),
    Case(
        "a quote of 100 lines",
        f"query($c: CheckoutInput!) {{ checkoutQuote(input: $c) {{ totals {{ payable {{ amount }} }} lines {{ quantity {LINE} }} fulfilments {{ lines {{ quantity {LINE} }} }} {ERRORS} }} }}",
        lambda: {"c": _checkout()},
        who="member",
    ),
    Case(
        "an order of 100 lines",
        f"mutation($input: CheckoutPlaceInput!) {{ checkoutPlace(input: $input) {{ order {{ {ORDER} }} {ERRORS} }} }}",
        lambda: _keyed(checkout=_checkout()),
        who="member",
    ),
    Case(
        "10 orders of 100 lines",
        f"{{ orders(first: 10) {{ edges {{ node {{ {ORDER.replace('lines { quantity v', 'lines(first: 20) { quantity v')} }} }} }} }}",
        who="member",
    ),
]
BODIES = [
    Case("a variable of 4 MB", "", body=lambda: _padded({"x": ["a" * 3_900_000]})),
    Case(
        "190,000 IDs in a variable", "", body=lambda: _padded({"x": ["0123456789abcde"] * 190_000})
    ),
    Case(
        "190,000 numbers where there is no variable",
        "",
        body=lambda: _padded({"x": ["1"], "y": list(range(190_000))}),
    ),
    Case(
        "4 MB of escapes",
        "",
        body=lambda: (
            b'{"query": "{ brands { id } }", "variables": {"x": "' + b"\\u4e2d" * 660_000 + b'"}}'
        ),
    ),
    Case(
        "a document of 4 MB",
        "",
        body=lambda: json.dumps({"query": "{ brands { id } }" + " " * 3_900_000}).encode(),
    ),
    Case(
        "a document of 4 MB of names",
        "",
        body=lambda: json.dumps({"query": "{ " + "brands " * 550_000 + "}"}).encode(),
    ),
    Case(
        "an object of 90,000 keys",
        "",
        body=lambda: _padded({f"k{each}": each for each in range(90_000)}),
    ),
    Case(
        "JSON nested 100,000 deep",
        "",
        body=lambda: (
            b'{"query": "{ brands { id } }", "variables": {"x": '
            + b"[" * 90_000
            + b"]" * 90_000
            + b"}}"
        ),
    ),
    Case(
        "a large answer by gzip",
        "",
        body=lambda: json.dumps({"query": READS[1].document}).encode(),
        encoding="gzip",
    ),
    Case(
        "a large answer by Brotli",
        "",
        body=lambda: json.dumps({"query": READS[1].document}).encode(),
        encoding="br",
    ),
]
CASES = [*READS, *WRITES, *BODIES]
