"""Variants sold by piece: each has a serial number on hand for each piece, whatever is done or refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.phones_over_api import COLLECT, DOCUMENT, ERRORS, SERIAL, Phones, told
from tests.make.shop import new_key, open_shop
from tests.make.statements import counting

COMPLETE = f"""mutation($input: FulfilmentActInput!) {{
  fulfilmentComplete(input: $input) {{ fulfilment {{ status }} {ERRORS} }} }}"""


@pytest.fixture
async def phones(api: Api) -> Phones:
    """A shop without a single one of the phones it sells."""
    admin = await api.staff()
    found = Phones(admin, api, await open_shop(admin, 0))
    assert await found.track(True) == []
    return found


async def test_in_at_receipt_and_out_at_sale(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2", "C3") == []
    await phones.sound("A1", "B2", "C3")
    pickup = await phones.ready(2)
    for wrong, told_so in {
        (): ("INVALID", ["serials", "0", "serials"]),
        ("A1",): ("INVALID", ["serials", "0", "serials"]),
        ("A1", "A1"): ("DUPLICATE", ["serials", "0", "serials", "1"]),
        ("A1", "Z9"): ("NOT_FOUND", ["serials", "0", "serials", "1"]),
    }.items():
        assert await phones.collect(pickup, *wrong) == [told_so]
        await phones.sound("A1", "B2", "C3")
    given = {"code": pickup["code"], "idempotencyKey": new_key()}
    assert told(await phones.admin.ask(COLLECT, input=given)) == [("INVALID", ["serials"])]
    assert await phones.collect(pickup, "B2", " C3 ") == []
    await phones.sound("A1")
    sold = await phones.state("B2")
    assert (sold["state"], sold["documentId"], sold["location"]["code"]) == (
        "SOLD", pickup["order"], "SHOP",
    )  # fmt: skip
    assert await phones.take_in("B2", reason="RETURN") == []
    assert await phones.adjust("AVAILABLE>OUTSIDE", "DAMAGE", "B2") == []
    history = (await phones.state("B2"))["history"]
    assert [each["toState"] for each in history] == ["IN_STOCK", "SOLD", "IN_STOCK", "GONE"]
    assert [each["documentId"] for each in history] == [None, pickup["order"], None, None]
    assert {each["actor"]["__typename"] for each in history} == {"Staff"}
    await phones.sound("A1")


async def test_at_the_counter_it_is_scanned_out_too(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2") == []
    given = {"fulfilmentId": (await phones.paid(1, "CARRY_OUT"))["id"]}
    assert told(await phones.admin.ask(COMPLETE, input=given)) == [("INVALID", ["serials"])]
    await phones.sound("A1", "B2")
    scanned = [{"variantId": phones.shop.variant_id, "serials": ["A1"]}]
    given["serials"] = scanned
    assert told(await phones.admin.ask(COMPLETE, input=given)) == []
    await phones.sound("B2")
    assert (await phones.state("A1"))["state"] == "SOLD"


async def test_what_does_not_fit_is_refused_and_nothing_changes(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2") == []
    other = await open_shop(phones.admin, 3, code="OTHER")
    many = [str(each) for each in range(501)]
    for given, told_so in (
        ({"serials": None, "quantity": 1}, ("INVALID", ["serials"])),
        ({"serials": ["C3"], "quantity": 2}, ("INVALID", ["serials"])),
        ({"serials": many, "quantity": 501}, ("INVALID", ["serials"])),
        ({"serials": ["C3", " "], "quantity": 2}, ("INVALID", ["serials", "1"])),
        ({"serials": ["C3", "x" * 65], "quantity": 2}, ("INVALID", ["serials", "1"])),
        ({"serials": ["C3", "C3"], "quantity": 2}, ("DUPLICATE", ["serials", "1"])),
        ({"serials": ["C3", "B2"], "quantity": 2}, ("DUPLICATE", ["serials", "1"])),
        (
            {"serials": ["B2"], "quantity": 1, "locationCode": "OTHER"},
            ("DUPLICATE", ["serials", "0"]),
        ),
        ({"serials": ["C3"], "quantity": 1, "sku": other.sku}, ("INVALID", ["serials"])),
    ):
        assert await phones.take_in(**given) == [told_so], given
    assert await phones.track(False) == [
        ("INVALID", ["products", "0", "variants", "0", "tracksSerials"])
    ]
    stranger = await staff(phones.admin, "OTHER", "ADMIN")
    assert await phones.here(stranger) == []
    assert (await stranger.ask(SERIAL, sku=phones.shop.sku, serial="A1"))["serialNumber"] is None
    assert "errors" in await phones.visitor.send(SERIAL, sku=phones.shop.sku, serial="A1")


async def test_setting_as_many_as_there_are_changes_nothing(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2") == []
    other = await open_shop(phones.admin, 3, code="OTHER")

    async def set_to(*quantities: int, **more: Any) -> Any:
        rows = [
            {"locationCode": "SHOP", "sku": sku, "quantity": quantity, **more}
            for sku, quantity in zip((phones.shop.sku, other.sku), quantities, strict=False)
        ]
        given = {"rows": rows, "idempotencyKey": new_key()}
        return (await phones.admin.ask(document("erp/stock_set"), input=given))["stockSet"]

    for right in (await set_to(2), await set_to(2, compareQuantity=2), await set_to(2, 5)):
        assert right["userErrors"] == []
        assert right["levels"][0]["version"] == 1
    assert [each["available"] for each in right["levels"]] == [2, 5]
    elsewhere = await set_to(0, locationCode="OTHER")
    assert (elsewhere["userErrors"], elsewhere["levels"][0]["version"]) == ([], 0)
    for quantity in (0, 1, 3):
        (error,) = (await set_to(quantity, 7))["userErrors"]
        assert error == {
            "code": "INVALID",
            "path": ["rows", "0", "quantity"],
            "message": "Variants with serial numbers are corrected by stockAdjust with serials,"
            " or by a stocktake.",
        }
    await phones.sound("A1", "B2")


async def test_it_begins_and_ends_with_nothing_on_hand(api: Api) -> None:
    admin = await api.staff()
    phones = Phones(admin, api, await open_shop(admin, 2))
    refused = [("INVALID", ["products", "0", "variants", "0", "tracksSerials"])]
    assert await phones.track(True) == refused
    assert await phones.adjust("AVAILABLE>OUTSIDE", "DAMAGE", quantity=2) == []
    assert await phones.track(True) == []
    assert await phones.take_in("A1") == []
    assert await phones.track(False) == refused
    assert await phones.adjust("AVAILABLE>OUTSIDE", "DAMAGE", "A1") == []
    assert await phones.track(False) == []
    assert await phones.take_in(quantity=1) == []


async def test_a_serial_number_is_handed_over_once(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2") == []
    pickups = [await phones.ready(), await phones.ready()]
    answers = await asyncio.gather(*(phones.collect(each, "A1") for each in pickups))
    assert sorted(answers) == [[], [("NOT_FOUND", ["serials", "0", "serials", "0"])]]
    await phones.sound("B2")
    assert len((await phones.state("A1"))["history"]) == 2


async def test_a_serial_number_comes_to_one_place(phones: Phones) -> None:
    await open_shop(phones.admin, 0, code="OTHER")
    answers = await asyncio.gather(
        *(phones.take_in("A1", locationCode=code) for code in ("SHOP", "OTHER"))
    )
    assert sorted(answers) == [[], [("DUPLICATE", ["serials", "0"])]]
    await phones.sound(*(["A1"] if answers[0] == [] else []))


async def test_a_purchase_is_scanned_in(phones: Phones) -> None:
    async def do(
        mutation: str, node: str, kind: str = "", who: Api = phones.admin, **given: Any
    ) -> Any:
        name = kind or mutation[0].upper() + mutation[1:]
        text = DOCUMENT % (name, mutation, node)
        return (await who.ask(text, input=given))[mutation]

    line = {"variantId": phones.shop.variant_id, "quantity": 2}
    created = await do(
        "purchaseOrderCreate",
        "purchaseOrder",
        supplierCode="MAKER",
        destinationId=phones.shop.store_id,
        lines=[{**line, "unitCost": "5.00"}],
        idempotencyKey=new_key(),
    )
    order = {"purchaseOrderId": created["purchaseOrder"]["id"]}
    await do("purchaseOrderApprove", "purchaseOrder", "PurchaseOrderAct", **order)
    keyed = {**order, "lines": [line], "idempotencyKey": new_key()}
    refused = await do("purchaseOrderReceive", "purchaseOrder", **keyed)
    assert [(e["code"], e["path"]) for e in refused["userErrors"]] == [("INVALID", ["serials"])]
    await phones.sound()
    scanned = [{"variantId": phones.shop.variant_id, "serials": ["A1", "B2"]}]
    for _ in range(2):  # the same again, with the same key
        done = await do("purchaseOrderReceive", "purchaseOrder", **keyed, serials=scanned)
        assert done["userErrors"] == []
    await phones.sound("A1", "B2")
    assert (await phones.state("A1"))["documentId"] == order["purchaseOrderId"]


async def test_what_is_damaged_or_quarantined_is_not_sold(phones: Phones) -> None:
    assert await phones.take_in("A1", "B2") == []
    assert await phones.adjust("AVAILABLE>DAMAGED", "DAMAGE", quantity=1) == [
        ("INVALID", ["serials"])
    ]
    assert await phones.adjust("AVAILABLE>DAMAGED", "DAMAGE", "A1") == []
    for serial in ("A1", "C3"):
        assert await phones.adjust("AVAILABLE>QUARANTINED", "DAMAGE", serial) == [
            ("NOT_FOUND", ["serials", "0"])
        ]
    assert await phones.collect(await phones.ready(), "A1") == [
        ("NOT_FOUND", ["serials", "0", "serials", "0"])
    ]
    await phones.sound("A1", "B2")
    assert await phones.adjust("DAMAGED>QUARANTINED", "DAMAGE", "A1") == []
    assert await phones.adjust("QUARANTINED>AVAILABLE", "ADJUSTMENT", "A1") == []
    await phones.sound("A1", "B2")
    history = (await phones.state("A1"))["history"]
    assert [each["toState"] for each in history] == [
        "IN_STOCK", "DAMAGED", "QUARANTINED", "IN_STOCK",
    ]  # fmt: skip


async def test_serial_numbers_of_many_pieces_take_no_more_statements(phones: Phones) -> None:
    taken = []
    for serials in (["A"], [f"B{each}" for each in range(50)]):
        with counting() as statements:
            assert await phones.take_in(*serials) == []
        taken.append(len(statements))
    assert taken[0] == taken[1]
