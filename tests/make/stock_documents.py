"""Stock documents of each kind, made over the API."""

from __future__ import annotations

from tests.make.api import Api
from tests.make.shop import Shop, new_key


def asking(mutation: str) -> str:
    """Return the document of a mutation that is asked for its errors alone."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    return f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ code path }} }} }}"


async def a_document(hq: Api, name: str, shop: Shop, other: Shop, supplier: str) -> None:
    """A document at the first shop, in its first state."""
    line = {"variantId": shop.variant_id, "quantity": 1}
    key = {"idempotencyKey": new_key()}
    mutation, given = {
        "transfers": (
            "transferRequest",
            {"sourceId": other.store_id, "destinationId": shop.store_id, "lines": [line], **key},
        ),
        "purchaseOrders": (
            "purchaseOrderCreate",
            {
                "supplierCode": supplier,
                "destinationId": shop.store_id,
                "lines": [{**line, "unitCost": "1.50"}],
                **key,
            },
        ),
        "supplierReturns": (
            "supplierReturnCreate",
            {"supplierCode": supplier, "locationId": shop.store_id, "lines": [line], **key},
        ),
        "stocktakes": (
            "stocktakeOpen",
            {"locationId": shop.store_id, "variantIds": [shop.variant_id]},
        ),
    }[name]
    await hq.do(asking(mutation), input=given)
