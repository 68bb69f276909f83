"""What must be refused, for every mutation that moves stock: each row names its fault; nothing has changed.

A mutation is an entry of `GOOD`, an input that would do it; `ROWS` spoil that input one field at a time.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from schema.nodes.nodes import global_id
from tests.make.api import Api
from tests.make.documents_of_stock import GOOD, KEYED, open_scene, spoilt
from tests.schema.stock.asking import digest, refusals, text

HUGE = 2**31
NOBODY = 999_999_999


DOCUMENTS = {
    "transferId": ("Transfer", ["transferApprove", "transferReject", "transferShip",
                                "transferReceive", "transferCancel"]),
    "purchaseOrderId": ("PurchaseOrder", ["purchaseOrderApprove", "purchaseOrderReceive",
                                          "purchaseOrderCancel"]),
    "supplierReturnId": ("SupplierReturn", ["supplierReturnApprove", "supplierReturnShip",
                                            "supplierReturnCancel"]),
}  # fmt: skip

Row = tuple[str, str, str, Any, str, str]  # mutation, caller, field, value, code, path


def _lines(mutation: str, name: str = "lines", quantity: str = "quantity") -> list[Row]:
    """What is wrong with any list of lines."""
    at = f"{name}.0"
    unknown = global_id("Variant", NOBODY)
    return [
        (mutation, "hq", f"{at}.{quantity}", -1, "INVALID", f"{at}.{quantity}"),
        (mutation, "hq", f"{at}.{quantity}", 1_000_001, "INVALID", f"{at}.{quantity}"),
        (mutation, "hq", f"{at}.{quantity}", HUGE, "TOP", ""),
        (mutation, "hq", f"{at}.variantId", unknown, "NOT_FOUND", f"{at}.variantId"),
        (mutation, "hq", f"{at}.variantId", "rubbish", "INVALID", f"{at}.variantId"),
        (mutation, "hq", name, [], "INVALID", name),
    ]


def _too_many(mutation: str, field: str = "lines.0.quantity") -> list[Row]:
    return [(mutation, "hq", field, 500, "LIMIT_EXCEEDED", field)]


def _serials(mutation: str, field: str = "serials") -> list[Row]:
    """Serial numbers of what has none, and of what is no variant."""
    unknown, at = global_id("Variant", NOBODY), f"{field}.0"
    return [
        (mutation, "hq", field, _scanned(unknown), "INVALID", f"{at}.serials"),
        (mutation, "hq", field, _scanned("rubbish"), "INVALID", f"{at}.variantId"),
        (mutation, "hq", field, _scanned(unknown) * 2, "DUPLICATE", f"{field}.1.serials"),
    ]


def _scanned(variant_id: str) -> list[dict[str, Any]]:
    return [{"variantId": variant_id, "serials": ["A1"]}]


def _documents() -> list[Row]:
    """A document that is not there, is another thing, or is somebody else's."""
    rows: list[Row] = []
    for field, (kind, mutations) in DOCUMENTS.items():
        for mutation in mutations:
            nothing = global_id(kind, NOBODY)
            rows.append((mutation, "hq", field, nothing, "NOT_FOUND", field))
            rows.append((mutation, "hq", field, "rubbish", "INVALID", field))
            rows.append((mutation, "stranger", "", None, "NOT_FOUND", field))
            rows.append((mutation, "hq", "note", "x" * 501, "INVALID", "note"))
    return [row for row in rows if row[2] != "note" or row[0] not in KEYED - {"transferCancel"}]


def _twins(mutation: str) -> list[Row]:
    """Lines of one variant are summed before they are checked."""
    return [(mutation, "hq", "lines.*", 600_000, "INVALID", "lines.1.quantity")]


LINED = (
    "transferRequest", "transferApprove", "transferShip", "purchaseOrderCreate",
    "purchaseOrderReceive", "supplierReturnCreate",
)  # fmt: skip
PLACES = [
    ("transferRequest", "sourceId"),
    ("transferRequest", "destinationId"),
    ("purchaseOrderCreate", "destinationId"),
    ("supplierReturnCreate", "locationId"),
]
ROWS: list[Row] = [
    *(row for mutation in LINED for row in (*_lines(mutation), *_twins(mutation))),
    *((each, "hq", "lines.0.quantity", 0, "INVALID", "lines.0.quantity") for each in LINED),
    *_lines("transferReceive", quantity="accepted"),
    *_lines("transferReceive", quantity="lost")[:3],
    ("transferReceive", "hq", "lines.0.accepted", 0, "INVALID", "lines.0"),
    *_too_many("transferReceive", "lines.0.accepted"),
    *_lines("transferCancel", "lost"),
    *_too_many("transferCancel", "lost.0.quantity"),
    *_too_many("transferApprove"),
    *_too_many("transferShip"),
    *_too_many("purchaseOrderReceive"),
    *_serials("transferShip"),
    *_serials("transferCancel", "lostSerials"),
    *_serials("purchaseOrderReceive"),
    *_serials("supplierReturnShip"),
    ("transferReceive", "hq", "lines.0.lostSerials", ["A1"], "INVALID", "lines.0.lostSerials"),
    ("stockAdjust", "hq", "serials", ["A1"], "INVALID", "serials"),
    *_documents(),
    *((m, "hq", f, global_id("Store", NOBODY), "NOT_FOUND", f) for m, f in PLACES),
    *((m, "hq", f, "rubbish", "INVALID", f) for m, f in PLACES),
    ("transferRequest", "hq", "destinationId", "SAME", "INVALID", "destinationId"),
    ("transferRequest", "stranger", "", None, "NOT_FOUND", "destinationId"),
    ("transferRequest", "hq", "note", "x" * 501, "INVALID", "note"),
    ("transferReject", "hq", "lines", [], "INVALID", "lines"),
    ("transferApprove", "hq", "transferId", "=APPROVED", "STATE_CONFLICT", ""),
    ("transferShip", "hq", "transferId", "=SUBMITTED", "STATE_CONFLICT", ""),
    ("transferReceive", "hq", "transferId", "=APPROVED", "STATE_CONFLICT", ""),
    ("transferCancel", "hq", "transferId", "=RECEIVED", "STATE_CONFLICT", ""),
    ("transferCancel", "receiver", "", None, "TOP", ""),
    ("transferShip", "receiver", "", None, "TOP", ""),
    ("purchaseOrderCreate", "stranger", "", None, "NOT_FOUND", "destinationId"),
    ("purchaseOrderCreate", "hq", "supplierCode", "a b", "INVALID", "supplierCode"),
    ("purchaseOrderCreate", "hq", "supplierName", "", "INVALID", "supplierName"),
    ("purchaseOrderCreate", "hq", "lines.0.unitCost", "-1", "INVALID", "lines.0.unitCost"),
    ("purchaseOrderCreate", "hq", "lines.0.unitCost", "0.001", "INVALID", "lines.0.unitCost"),
    ("purchaseOrderCreate", "hq", "lines.0.unitCost", "1e30", "INVALID", "lines.0.unitCost"),
    ("purchaseOrderApprove", "hq", "purchaseOrderId", "=AGREED", "STATE_CONFLICT", ""),
    ("purchaseOrderReceive", "hq", "purchaseOrderId", "=ORDERED", "STATE_CONFLICT", ""),
    ("supplierReturnCreate", "hq", "supplierCode", "NOBODY", "NOT_FOUND", "supplierCode"),
    ("supplierReturnCreate", "hq", "locationId", None, "INVALID", "locationId"),
    ("supplierReturnCreate", "hq", "purchaseOrderId", "=AGREED", "INVALID", "supplierCode"),
    ("supplierReturnCreate", "hq", "lines.0.fromState", "HELD", "INVALID", "lines.0.fromState"),
    ("supplierReturnShip", "hq", "supplierReturnId", "=RETURN", "STATE_CONFLICT", ""),
    ("supplierReturnApprove", "hq", "supplierReturnId", "=RETURN_AGREED", "STATE_CONFLICT", ""),
    ("stockAdjust", "hq", "locationCode", "NOWHERE", "NOT_FOUND", "locationCode"),
    ("stockAdjust", "hq", "sku", "NOTHING", "NOT_FOUND", "sku"),
    ("stockAdjust", "hq", "quantity", 0, "INVALID", "quantity"),
    ("stockAdjust", "hq", "quantity", -1, "INVALID", "quantity"),
    ("stockAdjust", "hq", "quantity", HUGE, "TOP", ""),
    ("stockAdjust", "hq", "quantity", 500, "INSUFFICIENT_STOCK", "quantity"),
    ("stockAdjust", "hq", "toState", "COMMITTED", "INVALID", "toState"),
    ("stockAdjust", "stranger", "", None, "NOT_FOUND", "locationCode"),
    ("stockSet", "stranger", "", None, "NOT_FOUND", "rows.0.locationCode"),
    ("stockAdjust", "receiver", "", None, "TOP", ""),
    ("stockSet", "hq", "rows.0.locationCode", "NOWHERE", "NOT_FOUND", "rows.0.locationCode"),
    ("stockSet", "hq", "rows.0.sku", "NOTHING", "NOT_FOUND", "rows.0.sku"),
    ("stockSet", "hq", "rows.0.quantity", -1, "INVALID", "rows.0.quantity"),
    ("stockSet", "hq", "rows.0.quantity", HUGE, "TOP", ""),
    ("stockSet", "hq", "rows.0.compareQuantity", 7777, "STALE_VERSION", "rows.0.compareQuantity"),
    ("stockSet", "hq", "rows.*", 1, "DUPLICATE", "rows.1.sku"),
    ("stockSet", "hq", "rows", [], "INVALID", "rows"),
    *((m, "hq", "idempotencyKey", "", "INVALID", "idempotencyKey") for m in sorted(KEYED)),
    *((m, "hq", "idempotencyKey", "k" * 129, "INVALID", "idempotencyKey") for m in sorted(KEYED)),
]


async def test_what_makes_no_sense_is_refused_and_changes_nothing(api: Api) -> None:
    scene = await open_scene(api)
    before = await digest()
    for mutation, caller, field, value, code, path in ROWS:
        row = (mutation, caller, field, str(value)[:40])
        given = spoilt(scene, mutation, field, value)
        answer = await scene.callers[caller].send(text(mutation), input=given)
        found = refusals(answer)
        if code == "TOP":
            ((refused, where),) = found
            assert (refused in {"INVALID", "FORBIDDEN"}, where) == (True, None), row
        else:
            assert found == [(code, tuple(filter(None, path.split("."))))], (row, answer)
        assert await digest() == before, row


async def test_a_key_does_it_once_and_for_one_input(api: Api) -> None:
    scene = await open_scene(api)
    hq = scene.callers["hq"]
    for mutation in (each for each in GOOD if each in KEYED):
        given = spoilt(scene, mutation, "", None)
        await hq.do(text(mutation), input=given)
        before = await digest()
        await hq.do(text(mutation), input=given)
        assert await digest() == before, mutation
        if mutation != "supplierReturnShip":  # has nothing but its document
            other = changed(given)
            (error,) = await hq.refused(text(mutation), input=other)
            assert error["code"] == "IDEMPOTENCY_KEY_REUSED", mutation
        assert await digest() == before, mutation
    drifts = "{ stockAudit { drifts { state recorded expected } } }"
    assert (await hq.ask(drifts))["stockAudit"]["drifts"] == []


def test_every_mutation_that_moves_stock_stands_in_the_table() -> None:
    assert {row[0] for row in ROWS} == set(GOOD)


def changed(given: dict[str, Any]) -> dict[str, Any]:
    """The same input with another quantity."""
    other = deepcopy(given)
    lines = other.get("lines") or other.get("lost") or other.get("rows") or [other]
    name = "accepted" if "accepted" in lines[0] else "quantity"
    lines[0][name] += 1
    return other
