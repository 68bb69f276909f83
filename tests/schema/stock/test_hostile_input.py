"""Whatever is wrong with what a stock mutation is given, it says what and where, and nothing has changed.

Each mutation has one sound input here. Every part of it is broken in turn; strangers and visitors send it;
then it is sent as it is, sent again in the wrong state, and its key is used for another input.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLInputObjectType

from schema import schema
from schema.nodes.nodes import global_id
from tests.make.api import Api
from tests.make.documents import document
from tests.make.documents_of_stock import GOOD, open_scene, spoilt
from tests.make.persons import staff
from tests.make.shop import new_key, open_shop
from tests.schema.stock.asking import digest, made, refusals, text

KINDS = {
    "locationId": "Store", "sourceId": "Store", "destinationId": "Store", "variantId": "Variant",
    "variantIds": "Variant", "stocktakeId": "Stocktake", "transferId": "Transfer",
    "purchaseOrderId": "PurchaseOrder", "supplierReturnId": "SupplierReturn",
}  # fmt: skip
# A count may be 0, and of a receipt's three numbers two.
SERIALS = {"serials", "acceptedSerials", "rejectedSerials", "lostSerials"}
MAY_BE_0 = {"stockSet", "safetyStockSet", "backorderSet", "stocktakeCount"}
Path = tuple[str | int, ...]


@dataclass
class World:
    """A chain of two stores with a document in each state that a step wants."""

    admin: Api
    counter: Api
    ids: dict[str, str] = field(default_factory=dict)

    def line(self, quantity: int = 2) -> dict[str, Any]:
        return {"variantId": self.ids["variant"], "quantity": quantity}

    def scanned(self, *serials: str) -> list[dict[str, Any]]:
        return [{"variantId": self.ids["phone"], "serials": list(serials)}]


async def transfer(world: World, *steps: str, serials: tuple[str, ...] = ()) -> str:
    """Of phones, where serial numbers are given; they are shipped if that is among the steps."""
    phones = {"variantId": world.ids["phone"], "quantity": len(serials)}
    given = {
        "sourceId": world.ids["source"],
        "destinationId": world.ids["store"],
        "lines": [phones if serials else world.line()],
        "idempotencyKey": new_key(),
    }
    row_id = await made(world.counter, "transferRequest", given)
    for step in steps:
        more = {"serials": world.scanned(*serials)} if serials else {}
        key = {"idempotencyKey": new_key(), **more} if step == "transferShip" else {}
        await made(world.admin, step, {"transferId": row_id, **key})
    return row_id


async def take_in_phones(world: World) -> None:
    """A variant that tracks serial numbers, P1 to P3 at the shop and Q1 to Q9 where transfers come from."""
    phone = {"sku": "PHONE", "price": "1.00", "tracksSerials": True}
    product = {"code": "PHONE", "name": "Phone", "variants": [phone]}
    await world.admin.do(document("erp/catalog_upsert"), input={"products": [product]})
    query = 'query { variant(sku: "PHONE") { id } }'
    world.ids["phone"] = (await world.admin.ask(query))["variant"]["id"]
    coming = {
        "sku": "PHONE",
        "fromState": "OUTSIDE",
        "toState": "AVAILABLE",
        "reason": "ADJUSTMENT",
    }
    for code, serials in (
        ("SHOP", ["P1", "P2", "P3"]),
        ("SOURCE", [f"Q{n}" for n in range(1, 10)]),
    ):
        given = {"locationCode": code, "quantity": len(serials), "serials": serials, **coming}
        await world.admin.do(text("stockAdjust"), input={**given, "idempotencyKey": new_key()})


async def stocktake(world: World, *, counted: bool, tracked: bool = False) -> str:
    sku = f"COUNT-{new_key()}"
    variant = {"sku": sku, "price": "1.00", "tracksSerials": tracked}
    product = {"code": sku, "name": sku, "variants": [variant]}
    await world.admin.do(document("erp/catalog_upsert"), input={"products": [product]})
    query = "query($sku: String!) { variant(sku: $sku) { id } }"
    variant_id = (await world.admin.ask(query, sku=sku))["variant"]["id"]
    given = {"locationId": world.ids["store"], "variantIds": [variant_id]}
    row_id = await made(world.counter, "stocktakeOpen", given)
    if counted:
        counts = [{"variantId": variant_id, "quantity": 1}]
        await made(world.counter, "stocktakeCount", {"stocktakeId": row_id, "counts": counts})
    world.ids[row_id] = variant_id
    return row_id


def adjustment(world: World) -> dict[str, Any]:
    return {
        "locationCode": "SHOP",
        "sku": "PHONE",
        "fromState": "AVAILABLE",
        "toState": "DAMAGED",
        "quantity": 1,
        "serials": ["P1"],
        "reason": "DAMAGE",
        "note": "seen",
        "idempotencyKey": new_key(),
    }


async def sound_inputs(world: World) -> dict[str, dict[str, Any]]:
    """What each mutation takes, in an order in which all of them may be done."""
    row, ids, keyed = (
        {"locationCode": "SHOP", "sku": world.ids["sku"], "quantity": 5},
        world.ids,
        {},
    )
    for name in (
        "stockSet",
        "transferRequest",
        "transferShip",
        "transferReceive",
        "stocktakeApprove",
    ):
        keyed[name] = {"idempotencyKey": new_key()}
    sent = ("transferApprove", "transferShip")
    opened = await stocktake(world, counted=False, tracked=True)
    counted, again, ended = [await stocktake(world, counted=each) for each in (True, True, False)]
    return {
        "stockSet": {"rows": [{**row, "compareQuantity": 9}], **keyed["stockSet"]},
        "stockAdjust": adjustment(world),
        "safetyStockSet": {"rows": [row]},
        "backorderSet": {"rows": [{"sku": ids["sku"], "limit": 3, "expectedOn": "2999-01-01"}]},
        "openingCostSet": {
            "rows": [{"locationCode": "SHOP", "sku": ids["sku"], "unitCost": "2.50"}], "note": "books",
        },
        "supplierUpsert": {"suppliers": [{"code": "DAIRY", "name": "Dairy", "contact": "Li Lei"}]},
        "stocktakeOpen": {
            "locationId": ids["store"], "variantIds": [ids["variant"]], "note": "all",
        },
        "stocktakeCount": {
            "stocktakeId": opened, "counts": [{"variantId": ids[opened], "quantity": 2}],
            "serials": [{"variantId": ids[opened], "serials": ["S1", "S2"]}],
            "idempotencyKey": new_key(),
        },
        "stocktakeRecount": {"stocktakeId": again, "variantIds": [ids[again]]},
        "stocktakeApprove": {"stocktakeId": counted, **keyed["stocktakeApprove"]},
        "stocktakeCancel": {"stocktakeId": ended, "note": "enough"},
        "transferRequest": {
            "sourceId": ids["source"], "destinationId": ids["store"],
            "lines": [world.line()], "note": "please", **keyed["transferRequest"],
        },
        "transferApprove": {"transferId": await transfer(world), "lines": [world.line(1)]},
        "transferReject": {"transferId": await transfer(world), "note": "no"},
        "transferShip": {
            "transferId": await transfer(world, "transferApprove", serials=("Q1", "Q2")),
            "lines": [{"variantId": ids["phone"], "quantity": 2}],
            "serials": world.scanned("Q1", "Q2"), **keyed["transferShip"],
        },
        "transferReceive": {
            "transferId": await transfer(world, *sent, serials=("Q3", "Q4", "Q5")),
            "lines": [{
                "variantId": ids["phone"], "accepted": 1, "acceptedSerials": ["Q3"],
                "rejected": 1, "rejectedSerials": ["Q4"],
            }], **keyed["transferReceive"],
        },
        "transferCancel": {
            "transferId": await transfer(world, *sent, serials=("Q6", "Q7")), "note": "no more",
            "lost": [{"variantId": ids["phone"], "quantity": 1}],
            "lostSerials": world.scanned("Q7"),
        },
    }  # fmt: skip


# With the same key, something else: what of the input is another then.
OTHERWISE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "stockSet": lambda given: given["rows"][0].update(quantity=7),
    "stockAdjust": lambda given: given.update(note="something else"),
    "stocktakeCount": lambda given: given["counts"][0].update(quantity=4),
    "stocktakeApprove": lambda given: given.update(stocktakeId=global_id("Stocktake", 1)),
    "transferRequest": lambda given: given.update(note="something else"),
    "transferShip": lambda given: given.update(lines=None),
    "transferReceive": lambda given: given["lines"][0].update(lost=1),
}
BUYING = {name for name in GOOD if name.startswith(("purchaseOrder", "supplier"))}
AFTERWARDS = {"stocktakeOpen": "DUPLICATE", "transferReceive": "LIMIT_EXCEEDED"}
ANY_TIME = {
    "supplierUpsert", "stockSet", "stockAdjust", "safetyStockSet", "backorderSet", "transferRequest",
    "openingCostSet",
}  # fmt: skip


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict | list):
        yield path, value
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, key))
    else:
        yield path, value


def broken(mutation: str, path: Path, value: Any) -> Iterator[Any]:
    """Whatever could be wrong in this place of the input."""
    name = next(str(each) for each in reversed(path) if isinstance(each, str))
    if isinstance(value, list):
        yield []
        if name not in ("lines", "lost"):
            yield value * 2
        yield value * 501
    elif isinstance(value, int):
        yield from (-1, 1_000_001, 2**31)
        if value and mutation not in MAY_BE_0:
            yield 0
    elif name == "unitCost":
        yield from ("-1", "0.001", "1e30", "100000000000.01", "cheap")
        if mutation == "openingCostSet":  # what is bought may be free, and worth more in all
            yield from ("0", "10000000000.01")
    elif name in SERIALS:
        yield from ("", "x" * 65, "bell\a")
        if mutation != "stocktakeCount":  # whatever is found may be counted
            yield from ("NOBODYS", "Q9" if mutation == "stockAdjust" else "P2")
    elif name in KINDS:
        yield from ("nonsense", global_id("Member", 1), global_id(KINDS[name], 10**9))
    elif name == "idempotencyKey":
        yield from ("", "k" * 129, "tab\there")
    elif name == "name":
        yield from ("", "x" * 201)
    elif name in ("sku", "locationCode", "code", "supplierCode"):
        yield from ("", "a b", "x" * 65, "零")
        if name != "code" and mutation != "purchaseOrderCreate":  # a new one is made
            yield "NOTHING"
    elif name == "note":
        yield from ("x" * 501, "bell\a")
    elif name == "fromState":
        yield from ("HELD", "IN_TRANSIT", "NOWHERE")
        if mutation == "stockAdjust":
            yield "DAMAGED"
    elif name == "toState":
        yield from ("COMMITTED", "AVAILABLE")
    elif name == "expectedOn":
        yield from ("2020-01-01", "tomorrow", None)
    elif name == "reason":
        yield from ("SALE", "HOLD")


async def opened(api: Api) -> tuple[World, Api]:
    """The world, and somebody who may do everything, elsewhere."""
    admin = await api.staff()
    shop, source = await open_shop(admin, 9), await open_shop(admin, 9, code="SOURCE")
    await open_shop(admin, 9, code="FAR")
    counter, stranger = await staff(admin, "SHOP", "ADMIN"), await staff(admin, "FAR", "ADMIN")
    rows = [{"locationCode": "SOURCE", "sku": shop.sku, "quantity": 50}]
    await admin.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": new_key()})
    ids = {
        "store": shop.store_id,
        "source": source.store_id,
        "variant": shop.variant_id,
        "sku": shop.sku,
    }
    world = World(admin, counter, ids)
    await take_in_phones(world)
    return world, stranger


def stock_mutations() -> set[str]:
    """The mutations that the room of stock declares."""
    fields = schema.schema_converter.type_map["Mutation"].definition.fields  # type: ignore[union-attr]
    return {
        schema.config.name_converter.get_graphql_name(field)
        for field in fields
        if field.base_resolver.wrapped_func.__module__.startswith("schema.stock.")
    }


async def test_whatever_is_wrong_is_named_and_changes_nothing(api: Api) -> None:
    world, stranger = await opened(api)
    inputs = await sound_inputs(world)
    assert set(inputs) | set(GOOD) == stock_mutations()
    assert await refused_in_each_part(inputs, world.admin, stranger, api) > 150


async def test_whatever_is_wrong_without_serial_numbers_is_named_too(api: Api) -> None:
    scene = await open_scene(api)
    inputs = {mutation: spoilt(scene, mutation, "", None) for mutation in GOOD}
    hq, stranger = scene.callers["hq"], scene.callers["stranger"]
    assert await refused_in_each_part(inputs, hq, stranger, api) > 150


async def refused_in_each_part(
    inputs: dict[str, dict[str, Any]], admin: Api, stranger: Api, visitor: Api
) -> int:
    """How many ways of breaking the inputs were tried; each was refused and changed nothing."""
    before, tried = await digest(), 0
    for mutation, given in inputs.items():
        for path, value in list(leaves(given))[1:]:
            for wrong in broken(mutation, path, value):
                bad = copy.deepcopy(given)
                place: Any = bad
                for step in path[:-1]:
                    place = place[step]
                place[path[-1]] = wrong
                found = refusals(await admin.send(text(mutation), input=bad))
                case = (mutation, path, str(wrong)[:40], found)
                assert found, case
                assert {code for code, _ in found} <= {
                    "INVALID", "NOT_FOUND", "DUPLICATE", "INSUFFICIENT_STOCK", "LIMIT_EXCEEDED",
                    "STALE_VERSION",
                }, case  # fmt: skip
                named = [where for _, where in found if where is not None]
                assert all(where and where[0] == path[0] for where in named) or (
                    path[0] in ("fromState", "toState")
                    or (mutation, path[0]) == ("stocktakeCount", "serials")
                ), case
                tried += 1
        for somebody, codes in (
            (stranger, {"NOT_FOUND", "FORBIDDEN"}),
            (visitor, {"UNAUTHENTICATED"}),
        ):
            found = refusals(await somebody.send(text(mutation), input=given))
            assert found, mutation
            assert {code for code, _ in found} <= codes, (mutation, found)
        assert await digest() == before, mutation
    return tried


async def test_what_is_sound_is_done_once_and_not_in_the_wrong_state(api: Api) -> None:
    world, _ = await opened(api)
    for mutation, given in (await sound_inputs(world)).items():
        assert refusals(await world.admin.send(text(mutation), input=given)) == [], mutation
        done = await digest()
        if mutation in OTHERWISE:
            other = copy.deepcopy(given)
            OTHERWISE[mutation](other)
            found = refusals(await world.admin.send(text(mutation), input=other))
            assert found == [("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))], mutation
            assert refusals(await world.admin.send(text(mutation), input=given)) == [], mutation
        if mutation not in ANY_TIME:
            again = given | ({"idempotencyKey": new_key()} if "idempotencyKey" in given else {})
            found = refusals(await world.admin.send(text(mutation), input=again))
            assert [code for code, _ in found] == [AFTERWARDS.get(mutation, "STATE_CONFLICT")], (
                found
            )
        assert await digest() == done, mutation


def test_every_input_that_moves_stock_has_a_key() -> None:
    keyless = {
        "supplierUpsert",
        "safetyStockSet",
        "backorderSet",
        "openingCostSet",
        "stocktakeOpen",
        "stocktakeRecount",
        "stocktakeCancel",
    }
    for mutation in stock_mutations() - keyless - BUYING:
        kind: Any = schema._schema.mutation_type.fields[mutation].args["input"].type.of_type  # type: ignore[union-attr]
        assert isinstance(kind, GraphQLInputObjectType)
        decides = mutation in ("transferApprove", "transferReject")
        assert ("idempotencyKey" in kind.fields) is not decides, mutation
