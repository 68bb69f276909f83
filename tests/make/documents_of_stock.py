"""Stores with stock documents in every state, and good input for each mutation of them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.make.api import Api
from tests.make.persons import staff
from tests.make.shop import Shop, new_key, open_shop
from tests.schema.stock.asking import made, text


@dataclass
class Scene:
    """A chain with documents in every state; `ids` are theirs by name, `callers` whoever may try."""

    shop: Shop
    other: Shop
    callers: dict[str, Api]
    ids: dict[str, str]


Good = Callable[[Scene], dict[str, Any]]


def a_line(scene: Scene, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"variantId": scene.shop.variant_id, "quantity": quantity, **more}


GOOD: dict[str, Good] = {
    "transferRequest": lambda s: {
        "sourceId": s.shop.store_id,
        "destinationId": s.other.store_id,
        "lines": [a_line(s)],
    },
    "transferApprove": lambda s: {"transferId": s.ids["SUBMITTED"], "lines": [a_line(s)]},
    "transferReject": lambda s: {"transferId": s.ids["SUBMITTED"]},
    "transferShip": lambda s: {"transferId": s.ids["APPROVED"], "lines": [a_line(s)]},
    "transferReceive": lambda s: {
        "transferId": s.ids["IN_TRANSIT"],
        "lines": [{"variantId": s.shop.variant_id, "accepted": 1, "rejected": 0, "lost": 0}],
    },
    "transferCancel": lambda s: {"transferId": s.ids["IN_TRANSIT"], "lost": [a_line(s)]},
    "purchaseOrderCreate": lambda s: {
        "supplierCode": "DAIRY",
        "destinationId": s.shop.store_id,
        "lines": [a_line(s, unitCost="1.50")],
    },
    "purchaseOrderApprove": lambda s: {"purchaseOrderId": s.ids["ORDERED"]},
    "purchaseOrderReceive": lambda s: {"purchaseOrderId": s.ids["AGREED"], "lines": [a_line(s)]},
    "purchaseOrderCancel": lambda s: {"purchaseOrderId": s.ids["AGREED"]},
    "supplierReturnCreate": lambda s: {
        "supplierCode": "DAIRY",
        "locationId": s.shop.store_id,
        "lines": [a_line(s, fromState="AVAILABLE")],
    },
    "supplierReturnApprove": lambda s: {"supplierReturnId": s.ids["RETURN"]},
    "supplierReturnShip": lambda s: {"supplierReturnId": s.ids["RETURN_AGREED"]},
    "supplierReturnCancel": lambda s: {"supplierReturnId": s.ids["RETURN"]},
    "stockAdjust": lambda s: {
        "locationCode": s.shop.store_code,
        "sku": s.shop.sku,
        "fromState": "AVAILABLE",
        "toState": "DAMAGED",
        "quantity": 1,
        "reason": "DAMAGE",
    },
    "stockSet": lambda s: {
        "rows": [{"locationCode": s.shop.store_code, "sku": s.shop.sku, "quantity": 40}]
    },
}


KEYED = {
    "transferRequest", "transferShip", "transferReceive", "transferCancel", "purchaseOrderCreate",
    "purchaseOrderReceive", "supplierReturnCreate", "supplierReturnShip", "stockAdjust", "stockSet",
}  # fmt: skip


def spoilt(scene: Scene, mutation: str, field: str, value: Any) -> dict[str, Any]:
    """The good input with one field replaced; `lines.*` doubles the first line, with this quantity."""
    given = deepcopy(GOOD[mutation](scene))
    if mutation in KEYED:
        given["idempotencyKey"] = new_key()
    if isinstance(value, str):
        value = scene.ids[value[1:]] if value.startswith("=") else value
        value = given["sourceId"] if value == "SAME" else value
    if field.endswith(".*"):
        lines = given[field[:-2]]
        lines[0] = {**lines[0], "quantity": value}
        lines.append(dict(lines[0]))
    elif field:
        *way, last = [int(step) if step.isdecimal() else step for step in field.split(".")]
        target: Any = given
        for step in way:
            target = target[step]
        target[last] = value
    return given


async def open_scene(api: Api) -> Scene:
    """Two stores with documents in every state, headquarters, and managers of theirs and of a third."""
    hq = await api.staff()
    shop, other = await open_shop(hq, 50), await open_shop(hq, 5, code="OTHER")
    third = await open_shop(hq, 5, code="THIRD")
    receiver = await staff(hq, other.store_code, "MANAGER")
    stranger = await staff(hq, third.store_code, "ADMIN")
    scene = Scene(shop, other, {"hq": hq, "receiver": receiver, "stranger": stranger}, {})
    await _transfers(scene)
    await _purchases(scene)
    return scene


async def _transfers(scene: Scene) -> None:
    steps = ("transferApprove", "transferShip", "transferReceive")
    for number, status in enumerate(("SUBMITTED", "APPROVED", "IN_TRANSIT", "RECEIVED")):
        asked = {
            **GOOD["transferRequest"](scene),
            "lines": [a_line(scene, 3)],
            "idempotencyKey": new_key(),
        }
        scene.ids[status] = await made(scene.callers["receiver"], "transferRequest", asked)
        given: dict[str, Any] = {"transferId": scene.ids[status]}
        for step in steps[:number]:
            if step != "transferApprove":
                given["idempotencyKey"] = new_key()
            if step == "transferReceive":
                given["lines"] = [{"variantId": scene.shop.variant_id, "accepted": 3}]
            await scene.callers["hq"].do(text(step), input=given)


async def _purchases(scene: Scene) -> None:
    hq = scene.callers["hq"]
    for name in ("ORDERED", "AGREED"):
        draft = {
            **GOOD["purchaseOrderCreate"](scene),
            "lines": [a_line(scene, 5, unitCost="1.50")],
            "idempotencyKey": new_key(),
        }
        scene.ids[name] = await made(hq, "purchaseOrderCreate", draft)
    agreed = {"purchaseOrderId": scene.ids["AGREED"]}
    await hq.do(text("purchaseOrderApprove"), input=agreed)
    for name in ("RETURN", "RETURN_AGREED"):
        draft = {**GOOD["supplierReturnCreate"](scene), "idempotencyKey": new_key()}
        scene.ids[name] = await made(hq, "supplierReturnCreate", draft)
    agreed = {"supplierReturnId": scene.ids["RETURN_AGREED"]}
    await hq.do(text("supplierReturnApprove"), input=agreed)
