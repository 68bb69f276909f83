"""Products as the catalogue is sent and read."""

from __future__ import annotations

from typing import Any

from tests.make.documents import document

UPSERT = document("erp/catalog_upsert")


LIST = """query($first: Int, $filter: ProductFilter, $sort: ProductSort) {
  products(first: $first, filter: $filter, sort: $sort) {
    edges { cursor node { code name brand { name } category { children { code } }
      organisation { code } priceRange { lowest { amount } }
      variants { sku gtins available price { amount } } } }
    pageInfo { hasNextPage endCursor } totalCount } }"""


def row(code: str, **given: Any) -> dict[str, Any]:
    variants = [{"sku": code, "price": "9.90", "gtins": given.pop("gtins", [])}]
    return {"code": code, "name": f"黄桃罐头{code}", "variants": variants, **given}
