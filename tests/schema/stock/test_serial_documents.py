"""Serial numbers on the road and back to a supplier: each piece is in one place, whoever says otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from tests.make.api import Api
from tests.make.persons import staff
from tests.make.phones_over_api import DOCUMENT, ERRORS, SERIAL, STEP, Phones
from tests.make.shop import Shop, new_key, open_shop
from tests.make.statements import counting

ROAD = """query($id: ID!) { transfer(id: $id) { status lines {
  shipped accepted rejected lost returned serialsOnTheRoad { serial state } } } }"""
SHIP = f"""mutation($input: FulfilmentShipInput!) {{
  fulfilmentShip(input: $input) {{ fulfilment {{ status }} {ERRORS} }} }}"""
HERE = """query($sku: String!, $at: ID!) { variant(sku: $sku) {
  serials(locationId: $at, first: 100) { edges { node { serial state } } } } }"""
TAKE = """query($id: ID!) { stocktake(id: $id) { lines {
  counted expected difference serials { serial finding moved } } } }"""
KINDS = {
    "transferApprove": "TransferDecide",
    "supplierReturnApprove": "SupplierReturnAct",
    "stocktakeApprove": "StocktakeAct",
}


@dataclass
class Road:
    phones: Phones
    other: Shop
    asker: Api

    async def ask(self, mutation: str, node: str, who: Api | None = None, **given: Any) -> Any:
        kind = KINDS.get(mutation, mutation[0].upper() + mutation[1:])
        text = DOCUMENT % (kind, mutation, node)
        return (await (who or self.phones.admin).ask(text, input=given))[mutation]

    async def do(self, *arguments: Any, **given: Any) -> Any:
        payload = await self.ask(*arguments, **given)
        assert payload["userErrors"] == [], payload
        (node,) = (value for name, value in payload.items() if name != "userErrors")
        return node["id"]

    async def told(self, *arguments: Any, **given: Any) -> list[Any]:
        payload = await self.ask(*arguments, **given)
        return [(each["code"], ".".join(each["path"] or ())) for each in payload["userErrors"]]

    async def approved(self, quantity: int, variant: str = "") -> str:
        variant = variant or self.phones.shop.variant_id
        asked = await self.do(
            "transferRequest", "transfer", self.asker,
            sourceId=self.phones.shop.store_id, destinationId=self.other.store_id,
            lines=[{"variantId": variant, "quantity": quantity}], idempotencyKey=new_key(),
        )  # fmt: skip
        transfer: str = await self.do("transferApprove", "transfer", transferId=asked)
        return transfer

    def scanned(self, *serials: str, variant: str = "") -> list[dict[str, Any]]:
        return [{"variantId": variant or self.phones.shop.variant_id, "serials": list(serials)}]

    async def ship(self, transfer: str, *serials: str, **more: Any) -> list[Any]:
        given = {"serials": self.scanned(*serials), "idempotencyKey": new_key(), **more}
        return await self.told("transferShip", "transfer", transferId=transfer, **given)

    async def receive(self, transfer: str, accepted: int, **more: Any) -> list[Any]:
        line = {"variantId": self.phones.shop.variant_id, "accepted": accepted, **more}
        given = {"transferId": transfer, "lines": [line], "idempotencyKey": new_key()}
        return await self.told("transferReceive", "transfer", self.asker, **given)

    async def on_the_road(self, transfer: str) -> list[str]:
        found = (await self.phones.admin.ask(ROAD, id=transfer))["transfer"]["lines"][0]
        serials = found["serialsOnTheRoad"]
        assert {each["state"] for each in serials} <= {"IN_TRANSIT"}
        left = sum(found[name] for name in ("accepted", "rejected", "lost", "returned"))
        assert len(serials) == found["shipped"] - left
        return [each["serial"] for each in serials]

    async def there(self, shop: Shop | None = None) -> dict[str, str]:
        given = {"sku": self.phones.shop.sku, "at": (shop or self.other).store_id}
        edges = (await self.phones.admin.ask(HERE, **given))["variant"]["serials"]["edges"]
        return {edge["node"]["serial"]: edge["node"]["state"] for edge in edges}

    async def sound(self, *serials: str) -> None:
        await self.phones.sound(*serials)
        audit = "{ stockAudit(full: true) { drifts { state recorded expected } } }"
        assert (await self.phones.admin.ask(audit))["stockAudit"]["drifts"] == []


@pytest.fixture
async def road(api: Api) -> Road:
    """Three phones at the shop, another shop without any, and whoever asks for it."""
    admin = await api.staff()
    phones = Phones(admin, api, await open_shop(admin, 0))
    assert await phones.track(True) == []
    assert await phones.take_in("A1", "B2", "C3") == []
    other = await open_shop(admin, 0, code="OTHER")
    return Road(phones, other, await staff(admin, "OTHER", "ADMIN"))


async def test_serial_numbers_go_with_a_transfer(road: Road) -> None:
    transfer = await road.approved(2)
    assert await road.ship(transfer, "A1", "B2") == []
    await road.sound("C3")
    assert await road.on_the_road(transfer) == ["A1", "B2"]
    assert (await road.phones.state("A1"))["state"] == "IN_TRANSIT"
    await open_shop(road.phones.admin, 0, code="THIRD")
    for somebody, state in (
        (road.asker, "IN_TRANSIT"),
        (await staff(road.phones.admin, "THIRD", "ADMIN"), None),
    ):
        found = (await somebody.ask(SERIAL, sku=road.phones.shop.sku, serial="A1"))["serialNumber"]
        assert (found and found["state"]) == state
    # Neither sold, shipped, adjusted nor taken in anywhere while it is on the road.
    assert await road.phones.take_in("A1") == [("DUPLICATE", ["serials", "0"])]
    assert await road.phones.adjust("AVAILABLE>OUTSIDE", "DAMAGE", "A1") == [
        ("NOT_FOUND", ["serials", "0"])
    ]
    assert await road.ship(await road.approved(1), "A1") == [("NOT_FOUND", "serials.0.serials.0")]
    assert await road.receive(transfer, 2) == []  # both, so it is clear which
    assert await road.there() == {"A1": "IN_STOCK", "B2": "IN_STOCK"}
    await road.sound("C3")
    history = (await road.phones.state("A1"))["history"]
    assert [(each["toState"], each["location"]["code"]) for each in history] == [
        ("IN_STOCK", "SHOP"), ("IN_TRANSIT", "SHOP"), ("IN_STOCK", "OTHER"),
    ]  # fmt: skip
    assert [each["documentId"] for each in history] == [None, transfer, transfer]


async def test_what_is_shipped_must_be_there(road: Road) -> None:
    transfer, plain = await road.approved(2), await open_shop(road.phones.admin, 3, code="PLAIN")
    assert await road.phones.take_in("D4", locationCode="OTHER") == []
    assert await road.phones.collect(await road.phones.ready(), "C3") == []
    place, first = "serials.0.serials", "serials.0.serials.0"
    for serials, told in (
        ((), ("INVALID", place)),
        (("A1",), ("INVALID", place)),
        (("A1", "A1"), ("DUPLICATE", f"{place}.1")),
        (("A1", "Z9"), ("NOT_FOUND", f"{place}.1")),  # nobody's
        (("C3", "A1"), ("NOT_FOUND", first)),  # sold
        (("D4", "A1"), ("NOT_FOUND", first)),  # elsewhere
        ((" ", "A1"), ("INVALID", first)),
        (("x" * 65, "A1"), ("INVALID", first)),
        (tuple(map(str, range(501))), ("INVALID", place)),
    ):
        assert await road.ship(transfer, *serials) == [told], serials
    assert await road.ship(transfer, serials=None) == [("INVALID", "serials")]
    twice = [*road.scanned("A1"), *road.scanned("B2")]
    assert await road.ship(transfer, serials=twice) == [("DUPLICATE", "serials.1.serials")]
    wrong = [*road.scanned("A1", "B2"), *road.scanned("C3", variant=plain.variant_id)]
    assert await road.ship(transfer, serials=wrong) == [("INVALID", "serials.1.serials")]
    await road.sound("A1", "B2")
    assert await road.on_the_road(transfer) == []
    assert await road.phones.adjust("AVAILABLE>DAMAGED", "DAMAGE", "B2") == []
    assert (await road.ship(transfer, "A1", "B2"))[0][0] == "INSUFFICIENT_STOCK"
    less = {"lines": [{"variantId": road.phones.shop.variant_id, "quantity": 1}]}
    assert await road.ship(transfer, "B2", **less) == [("NOT_FOUND", first)]  # damaged
    assert await road.ship(transfer, "A1", **less) == []
    await road.sound("B2")


async def test_a_receipt_says_which_arrived_how(road: Road) -> None:
    transfer = await road.approved(3)
    assert await road.ship(transfer, "A1", "B2", "C3") == []
    for counts, told in (
        ({"accepted": 1}, ("INVALID", "lines.0.acceptedSerials")),
        ({"accepted": 1, "rejected": 2}, ("INVALID", "lines.0.acceptedSerials")),
        ({"accepted": 1, "acceptedSerials": ["Z9"]}, ("NOT_FOUND", "lines.0.acceptedSerials.0")),
        (
            {"accepted": 1, "acceptedSerials": ["A1", "B2"]},
            ("INVALID", "lines.0.acceptedSerials"),
        ),
        (
            {"accepted": 1, "acceptedSerials": ["A1"], "rejected": 1, "rejectedSerials": ["A1"]},
            ("DUPLICATE", "lines.0.rejectedSerials.0"),
        ),
        (
            {"accepted": 1, "acceptedSerials": ["A1"], "lostSerials": ["B2"]},
            ("INVALID", "lines.0.lostSerials"),
        ),
        (
            {"accepted": 1, "acceptedSerials": ["A1"], "rejected": 1},
            ("INVALID", "lines.0.rejectedSerials"),
        ),
        ({"accepted": 4, "acceptedSerials": ["A1"]}, ("LIMIT_EXCEEDED", "lines.0.accepted")),
    ):
        assert await road.receive(transfer, **counts) == [told], counts
        assert await road.on_the_road(transfer) == ["A1", "B2", "C3"]
    assert await road.receive(transfer, 1, acceptedSerials=["B2"]) == []
    await road.sound()
    # The rejected one is named; the lost one can only be the other.
    assert await road.receive(transfer, 0, rejected=1, rejectedSerials=["C3"], lost=1) == []
    await road.sound()
    assert await road.there() == {"B2": "IN_STOCK", "C3": "QUARANTINED"}
    lost = await road.phones.state("A1")
    assert (lost["state"], lost["history"][-1]["documentId"]) == ("GONE", transfer)
    assert await road.phones.take_in("A1") == []  # found again


async def test_called_back_on_the_way(road: Road) -> None:
    transfer = await road.approved(3)
    cancel = ("transferCancel", "transfer")
    keyed = {"transferId": transfer, "idempotencyKey": new_key()}
    early = await road.told(*cancel, **keyed, lostSerials=road.scanned("A1"))
    assert early == [("INVALID", "lostSerials.0.serials")]
    assert await road.ship(transfer, "A1", "B2", "C3") == []
    assert await road.receive(transfer, 1, acceptedSerials=["C3"]) == []
    lost = {"lost": [{"variantId": road.phones.shop.variant_id, "quantity": 1}]}
    assert await road.told(*cancel, **keyed, **lost) == [("INVALID", "lostSerials")]
    wrong = road.scanned("C3")
    told = await road.told(*cancel, **keyed, **lost, lostSerials=wrong)
    assert told == [("NOT_FOUND", "lostSerials.0.serials.0")]
    assert await road.on_the_road(transfer) == ["A1", "B2"]
    assert await road.told(*cancel, **keyed, **lost, lostSerials=road.scanned("A1")) == []
    await road.sound("B2")
    assert [each["toState"] for each in (await road.phones.state("B2"))["history"]] == [
        "IN_STOCK", "IN_TRANSIT", "IN_STOCK",
    ]  # fmt: skip
    assert (await road.phones.state("A1"))["state"] == "GONE"
    back = await road.approved(1)
    assert await road.ship(back, "B2") == []
    assert await road.told(*cancel, transferId=back) == []  # all of it, so it is clear which
    await road.sound("B2")


async def test_back_to_the_supplier_from_where_it_lies(road: Road) -> None:
    variant = road.phones.shop.variant_id
    assert await road.phones.adjust("AVAILABLE>DAMAGED", "DAMAGE", "C3") == []
    supplier = {"suppliers": [{"code": "MAKER", "name": "Maker"}]}
    upsert = (
        f"mutation($input: SupplierUpsertInput!) {{ supplierUpsert(input: $input) {{ {ERRORS} }} }}"
    )
    await road.phones.admin.do(upsert, input=supplier)
    line = {"variantId": variant, "quantity": 1}
    made = await road.do(
        "supplierReturnCreate", "supplierReturn", supplierCode="MAKER",
        locationId=road.phones.shop.store_id,
        lines=[line, {**line, "fromState": "DAMAGED"}], idempotencyKey=new_key(),
    )  # fmt: skip
    await road.do("supplierReturnApprove", "supplierReturn", supplierReturnId=made)
    step, keyed = ("supplierReturnShip", "supplierReturn"), {"idempotencyKey": new_key()}
    for serials, told in (
        ([], ("INVALID", "serials.0.serials")),
        (["C3"], ("INVALID", "serials.0.serials")),
        (["A1", "B2"], ("INVALID", "serials.0.serials")),  # none of them is damaged
        (["A1", "Z9"], ("NOT_FOUND", "serials.0.serials.1")),
        (["C3", "C3"], ("DUPLICATE", "serials.0.serials.1")),
    ):
        given = {"supplierReturnId": made, "serials": road.scanned(*serials), **keyed}
        assert await road.told(*step, **given) == [told], serials
        await road.sound("A1", "B2", "C3")
    given = {"supplierReturnId": made, "serials": road.scanned("C3", "A1"), **keyed}
    for _ in range(2):  # the same again, with the same key
        assert await road.told(*step, **given) == []
    await road.sound("B2")
    for serial in ("A1", "C3"):
        gone = await road.phones.state(serial)
        assert (gone["state"], gone["documentId"]) == ("GONE", made)


async def test_one_serial_number_leaves_once(road: Road) -> None:
    transfers = [await road.approved(1) for _ in range(2)]
    pickup = await road.phones.ready()
    *shipped, collected = await asyncio.gather(
        *(road.ship(each, "A1") for each in transfers), road.phones.collect(pickup, "A1")
    )
    told = [bool(each) for each in (*shipped, collected)]
    assert sorted(told) == [False, True, True]
    refused = {code for answer in (*shipped, collected) for code, _ in answer}
    assert refused == {"NOT_FOUND"}
    await road.sound("B2", "C3")
    assert len((await road.phones.state("A1"))["history"]) == 2


async def test_one_receipt_of_two_at_once_counts(road: Road) -> None:
    transfer = await road.approved(1)
    assert await road.ship(transfer, "A1") == []
    answers = await asyncio.gather(
        road.receive(transfer, 1),
        road.receive(transfer, 0, rejected=1),
        road.told("transferCancel", "transfer", transferId=transfer),
    )
    assert sorted(map(bool, answers)) == [False, True, True]
    assert {code for each in answers for code, _ in each} == {"STATE_CONFLICT"}
    back = ["A1"] if answers[2] == [] else []
    assert len(await road.there()) == 1 - len(back)
    await road.sound(*back, "B2", "C3")


async def test_a_parcel_is_scanned_out(road: Road) -> None:
    part = await road.phones.paid(2, "STORE_DELIVERY")
    for step in ("Accept", "Ready"):
        await road.phones.admin.do(STEP % step, input={"fulfilmentId": part["id"]})
    sent = {"fulfilmentId": part["id"], "carrier": "SF", "trackingNumber": "SF1"}
    for serials, told in (
        (None, ("INVALID", ["serials"])),
        (road.scanned("A1"), ("INVALID", ["serials", "0", "serials"])),
        (road.scanned("A1", "A1"), ("DUPLICATE", ["serials", "0", "serials", "1"])),
        (road.scanned("A1", "Z9"), ("NOT_FOUND", ["serials", "0", "serials", "1"])),
    ):
        answer = await road.phones.admin.ask(SHIP, input={**sent, "serials": serials})
        errors = answer["fulfilmentShip"]["userErrors"]
        assert [(each["code"], each["path"]) for each in errors] == [told], serials
        await road.sound("A1", "B2", "C3")
    await road.phones.admin.do(SHIP, input={**sent, "serials": road.scanned("C3", "A1")})
    await road.sound("B2")
    gone = await road.phones.state("C3")
    assert (gone["state"], gone["documentId"]) == ("SOLD", part["order"])


async def test_a_stocktake_is_scanned_blind(road: Road) -> None:
    counter = await staff(road.phones.admin, "SHOP", "PICKER")
    milk = await open_shop(road.phones.admin, 0, code="PLAIN")
    phone = road.phones.shop.variant_id
    place = {"locationId": road.phones.shop.store_id, "variantIds": [phone, milk.variant_id]}
    take = await road.do("stocktakeOpen", "stocktake", counter, **place)

    async def counted(variant: str, *serials: str, pieces: int) -> list[Any]:
        given = {"stocktakeId": take, "counts": [{"variantId": variant, "quantity": pieces}]}
        scans = road.scanned(*serials) if serials else None
        step = ("stocktakeCount", "stocktake", counter)
        return await road.told(*step, **given, serials=scans)

    async def shown() -> Any:
        return (await counter.ask(TAKE, id=take))["stocktake"]["lines"][0]

    # On its way here by the books, and yet unpacked on the shelf.
    coming = await road.approved(1)
    assert await road.ship(coming, "C3") == []
    assert await counted(phone, pieces=2) == [("INVALID", "counts.0.quantity")]
    assert await counted(phone, "A1", pieces=2) == [("INVALID", "serials.0.serials")]
    assert await counted(phone, "A1", "C3", "Z9", pieces=3) == []
    hidden = {"counted": 3, "expected": None, "difference": None, "serials": None}
    assert await shown() == hidden
    assert await counted(milk.variant_id, "M1", pieces=1) == [("INVALID", "serials.0.serials")]
    assert await shown() == hidden
    assert await counted(milk.variant_id, pieces=0) == []

    def found(*rows: tuple[str, str, bool | None]) -> list[dict[str, Any]]:
        return [{"serial": s, "finding": finding, "moved": moved} for s, finding, moved in rows]

    assert await shown() == {
        "counted": 3, "expected": 2, "difference": 1,
        "serials": found(("B2", "MISSING", None), ("C3", "SURPLUS", None), ("Z9", "SURPLUS", None)),
    }  # fmt: skip
    approve, keyed = ("stocktakeApprove", "stocktake"), {"idempotencyKey": new_key()}
    payload = await road.ask(*approve, stocktakeId=take, **keyed)
    assert [(each["code"], each["path"], each["message"]) for each in payload["userErrors"]] == [
        (
            "DUPLICATE", ["stocktakeId"],
            "The serial number C3 was counted here, but is recorded as IN_TRANSIT.",
        )
    ]  # fmt: skip
    await road.sound("A1", "B2")
    assert await road.told("transferCancel", "transfer", transferId=coming) == []
    assert await road.phones.collect(await road.phones.ready(), "B2") == []
    assert await road.told(*approve, stocktakeId=take, **keyed) == []
    assert (await shown())["serials"] == found(
        ("B2", "MISSING", False), ("C3", "SURPLUS", False), ("Z9", "SURPLUS", True)
    )
    await road.sound("A1", "C3", "Z9")
    new = await road.phones.state("Z9")
    assert (new["state"], new["documentId"]) == ("IN_STOCK", take)


async def test_many_serial_numbers_on_the_road_take_no_more_statements(road: Road) -> None:
    await road.phones.take_in(*(f"X{each}" for each in range(60)))
    taken = []
    for serials in (["A1", "B2"], ["C3", "X59"], [f"X{each}" for each in range(50)]):
        transfer, count = await road.approved(len(serials)), len(serials) - 1
        with counting() as statements:
            assert await road.ship(transfer, *serials) == []
            named = serials[:count]
            assert await road.receive(transfer, count, acceptedSerials=named, rejected=1) == []
            await road.on_the_road(transfer)
        taken.append(len(statements))
    assert taken[1] == taken[2]  # the first made the other shop's level
