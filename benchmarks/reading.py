"""The requests of the reading rows, and the checks of their responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from geopy.distance import geodesic

from benchmarks import documents
from benchmarks.client import data_of, operation, request
from benchmarks.data import (
    CARRYING_EVERY,
    WIDE_STOREFRONT_KEY,
    Scale,
    channel_price,
    kinds,
    product_code,
    product_slug,
    wide_code,
    wide_position,
)
from schema.nodes.nodes import global_id

Check = Callable[[Any], bool]
Question = tuple[bytes, Callable[[int, bytes], bool]]


def questions(scale: Scale, storefront_key: str | None) -> dict[str, list[Question]]:
    """Return the questions by row; without a storefront's key the prices are not checked."""
    asked = _Asked(scale, storefront_key)
    return {
        "bare": [(request("GET", "/health/live"), _alive)],
        "R1": [asked.list(20)],
        "R1b": [asked.list(100)],
        "R2": [asked.detail(product_id) for product_id in range(1, scale.products + 1, 10)],
        "R3": [asked.search(kind) for kind in kinds()],
        "R4": [asked.stock(product_id) for product_id in range(1, scale.products + 1, 10)],
        "R5": [asked.nearest(25.3 + n * 1.17, 116.4 - n * 1.13) for n in range(10)],
    }


class _Asked:
    def __init__(self, scale: Scale, storefront_key: str | None) -> None:
        self.scale = scale
        self.key = storefront_key

    def list(self, first: int) -> Question:
        return self._question(
            documents.PRODUCT_LIST,
            {"first": first},
            lambda data: self._are_products(_nodes(data["products"]), first),
        )

    def search(self, kind: str) -> Question:
        def is_right(data: Any) -> bool:
            found = _nodes(data["products"])
            return self._are_products(found, 20) and all(kind in each["name"] for each in found)

        return self._question(documents.PRODUCT_SEARCH, {"words": kind}, is_right)

    def detail(self, product_id: int) -> Question:
        def is_right(data: Any) -> bool:
            product = data["product"]
            return product["id"] == global_id("Product", product_id) and self._has_variants(product)

        slug = {"slug": product_slug(product_id)}
        return self._question(documents.PRODUCT_DETAIL, slug, is_right)

    def stock(self, product_id: int) -> Question:
        def is_right(data: Any) -> bool:
            levels = _nodes(data["variant"]["stockLevels"])
            codes = {each["location"]["code"] for each in levels}
            return codes == {f"S{number:02}" for number in range(self.scale.stores)} and all(
                each["available"] == self.scale.pieces for each in levels
            )

        sku = {"sku": f"{product_code(product_id)}-1"}
        return self._question(documents.VARIANT_STOCK, sku, is_right)

    def nearest(self, latitude: float, longitude: float) -> Question:
        """Return a question whose right answer is computed here from every store that has the variant."""

        def metres(number: int) -> float:
            return float(geodesic((latitude, longitude), wide_position(number)).meters)

        carriers = range(0, self.scale.wide_stores, CARRYING_EVERY)
        expected = [wide_code(number) for number in sorted(carriers, key=metres)[:10]]
        variables = {
            "near": {"latitude": latitude, "longitude": longitude},
            "carrying": [{"variantId": global_id("Variant", self.scale.skus + 1), "quantity": 1}],
        }
        ask = operation(documents.NEAREST_STORES, variables, storefront_key=WIDE_STOREFRONT_KEY)
        return ask, _answered(
            lambda data: [each["code"] for each in _nodes(data["stores"])] == expected
        )

    def _question(self, document: str, variables: dict[str, Any], is_right: Check) -> Question:
        ask = operation(document, variables, storefront_key=self.key)
        return ask, _answered(is_right)

    def _are_products(self, products: list[Any], count: int) -> bool:
        return (
            len({each["id"] for each in products}) == count
            and all(each["name"] and each["slug"] for each in products)
            and all(self._has_variants(each) for each in products)
        )

    def _has_variants(self, product: Any) -> bool:
        variants, scale = product["variants"], self.scale
        return len(variants) == scale.variants and all(
            each["available"] == scale.pieces * scale.stores and self._costs_right(each)
            for each in variants
        )

    def _costs_right(self, variant: Any) -> bool:
        code, _, position = variant["sku"].partition("-")
        asked = round(float(variant["price"]["amount"]) * 100)
        return self.key is None or asked == channel_price(int(code[1:]), int(position))


def _alive(status: int, body: bytes) -> bool:
    return status == 200 and json.loads(body) == {"status": "ok"}


def _answered(check: Check) -> Callable[[int, bytes], bool]:
    return lambda status, body: check(data_of(status, body))


def _nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]
