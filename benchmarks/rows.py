"""The rows of the table: what is asked, and what must come back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from geopy.distance import geodesic

from benchmarks import documents
from benchmarks.client import Connection, WrongAnswer, data_of, operation, request
from benchmarks.data import (
    CARRYING_EVERY,
    WIDE_STOREFRONT_KEY,
    Scale,
    kinds,
    product_code,
    product_slug,
    wide_code,
    wide_position,
)
from benchmarks.purchase import CALLS, Buyers, paid_orders
from schema.nodes import global_id

Work = Callable[[Connection, int], Awaitable[None]]
BARE = "bare"


@dataclass(frozen=True)
class Row:
    """`work` does the thing once, the number telling one time from another; `after` checks them all."""

    key: str
    title: str
    work: Work
    calls: int = 1
    after: Callable[[], Awaitable[None]] | None = None


def rows(scale: Scale) -> list[Row]:
    return [
        Row(BARE, "bare endpoint", _asking([(request("GET", "/health/live"), _alive)])),
        Row("list-20", "list of 20 products, 3 variants each", _asking([_list(scale, 20)])),
        Row("list-100", "list of 100 products, 3 variants each", _asking([_list(scale, 100)])),
        Row("detail", "product by slug", _asking(_details(scale))),
        Row("search", "search, 20 hits", _asking(_searches(scale))),
        Row("stock", "one variant's stock at 20 stores", _asking(_stocks(scale))),
        Row("nearest", "nearest 10 of 10,000 stores with a variant", _asking(_nearest(scale))),
        _purchase(scale),
    ]


Check = Callable[[Any], bool]
Question = tuple[bytes, Callable[[int, bytes], bool]]


def _asking(questions: Sequence[Question]) -> Work:
    """Asks in turn; an answer equal to one that was checked needs no second look."""
    checked: list[set[bytes]] = [set() for _ in questions]

    async def work(connection: Connection, number: int) -> None:
        index = number % len(questions)
        ask, is_right = questions[index]
        status, body = await connection.send(ask)
        if status == 200 and body in checked[index]:
            return
        if not is_right(status, body):
            raise WrongAnswer(body[:2000].decode(errors="replace"))
        checked[index].add(body)

    return work


def _alive(status: int, body: bytes) -> bool:
    return status == 200 and json.loads(body) == {"status": "ok"}


def _answered(check: Check) -> Callable[[int, bytes], bool]:
    return lambda status, body: check(data_of(status, body))


def _list(scale: Scale, first: int) -> Question:
    def check(data: Any) -> bool:
        return _are_products(scale, _nodes(data["products"]), first)

    return operation(documents.PRODUCT_LIST, {"first": first}), _answered(check)


def _searches(scale: Scale) -> list[Question]:
    def check(kind: str) -> Check:
        def right(data: Any) -> bool:
            found = _nodes(data["products"])
            return _are_products(scale, found, 20) and all(kind in each["name"] for each in found)

        return right

    return [
        (operation(documents.PRODUCT_SEARCH, {"words": kind}), _answered(check(kind)))
        for kind in kinds()
    ]


def _details(scale: Scale) -> list[Question]:
    def check(product_id: int) -> Check:
        return lambda data: (
            data["product"]["id"] == global_id("Product", product_id)
            and _has_variants(scale, data["product"])
        )

    return [
        (
            operation(documents.PRODUCT_DETAIL, {"slug": product_slug(product_id)}),
            _answered(check(product_id)),
        )
        for product_id in range(1, scale.products + 1, 10)
    ]


def _stocks(scale: Scale) -> list[Question]:
    def check(data: Any) -> bool:
        levels = _nodes(data["variant"]["stockLevels"])
        return {each["location"]["code"] for each in levels} == {
            f"S{number:02}" for number in range(20)
        } and all(each["available"] == scale.pieces for each in levels)

    return [
        (operation(documents.VARIANT_STOCK, {"sku": f"{product_code(each)}-1"}), _answered(check))
        for each in range(1, scale.products + 1, 10)
    ]


def _nearest(scale: Scale) -> list[Question]:
    """From ten places; the right answer is measured here to every store that has the variant."""
    variant = {"variantId": global_id("Variant", scale.skus + 1), "quantity": 1}
    carriers = range(0, scale.wide_stores, CARRYING_EVERY)

    def question(latitude: float, longitude: float) -> Question:
        def metres(number: int) -> float:
            return float(geodesic((latitude, longitude), wide_position(number)).meters)

        expected = [wide_code(number) for number in sorted(carriers, key=metres)[:10]]
        near = {"latitude": latitude, "longitude": longitude}
        ask = operation(
            documents.NEAREST_STORES,
            {"near": near, "carrying": [variant]},
            storefront_key=WIDE_STOREFRONT_KEY,
        )
        return ask, _answered(
            lambda data: [each["code"] for each in _nodes(data["stores"])] == expected
        )

    return [question(25.3 + step * 1.17, 116.4 - step * 1.13) for step in range(10)]


def _purchase(scale: Scale) -> Row:
    buyers = Buyers(scale.members)

    async def work(connection: Connection, number: int) -> None:
        await buyers.buy(connection, number, number % scale.skus + 1)

    async def after() -> None:
        if buyers.refused or await paid_orders() != buyers.paid:
            raise WrongAnswer(f"{buyers} but {await paid_orders()} orders are paid")

    title = f"whole purchase of a signed-in member ({CALLS} calls)"
    return Row("purchase", title, work, CALLS, after)


def _nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


def _are_products(scale: Scale, products: list[Any], count: int) -> bool:
    return (
        len({each["id"] for each in products}) == count
        and all(each["name"] and each["slug"] for each in products)
        and all(_has_variants(scale, each) for each in products)
    )


def _has_variants(scale: Scale, product: Any) -> bool:
    variants = product["variants"]
    return len(variants) == scale.variants and all(
        each["sku"]
        and float(each["price"]["amount"]) > 0
        and each["available"] == scale.pieces * scale.stores
        for each in variants
    )
