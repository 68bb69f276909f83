"""Conditions that a list takes as arguments, too, are those of its filter; each is given once."""

from __future__ import annotations

from typing import Any

import pytest

from models.members.members import Member, Tier
from models.orders.fulfilments import Fulfilment
from models.orders.states import FulfilmentStatus
from models.referrals.commissions import Commission
from models.referrals.rules import CommissionKind, CommissionStatus
from models.stock.documents.purchase_rules import PurchaseOrderStatus
from models.stock.documents.purchases import PurchaseOrder, Supplier
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.stocktakes import Stocktake
from models.stock.documents.transfer_rules import TransferStatus
from models.stock.documents.transfers import Transfer
from schema.nodes.nodes import split_id
from tests.make.api import Api
from tests.make.territories import Chain, a_chain

COMMISSIONS = """query($filter: CommissionFilter, $status: CommissionStatus) { me { referral {
  commissions(filter: $filter, status: $status) { totalCount edges { cursor node { status } } } } } }"""


@pytest.fixture
async def chain(api: Api) -> Chain:
    """Three stores with a document of each kind and a member each; the second differs from the others."""
    chain = await a_chain(await api.staff(), "HOME", 0, stores=3)
    differing = chain.stores[1]
    member = await Member.get(id=row_id(differing["Member"]))
    gold = await Tier.create(merchant_id=member.merchant_id, code="GOLD", name="Gold", level=9)
    await Member.filter(id=member.id).update(tier_id=gold.id)
    bakery = await Supplier.create(merchant_id=member.merchant_id, code="BAKERY", name="Bakery")
    orders = PurchaseOrder.filter(id=row_id(differing["PurchaseOrder"]))
    await orders.update(status=PurchaseOrderStatus.CANCELLED, supplier_id=bakery.id)
    stocktakes = Stocktake.filter(id=row_id(differing["Stocktake"]))
    await stocktakes.update(status=StocktakeStatus.CANCELLED)
    transfers = Transfer.filter(destination_id=row_id(differing["Store"]))
    await transfers.update(status=TransferStatus.CANCELLED)
    fulfilments = Fulfilment.filter(id=row_id(differing["Fulfilment"]))
    await fulfilments.update(status=FulfilmentStatus.CANCELLED)
    return chain


def row_id(node_id: str) -> int:
    found = split_id(node_id)
    assert found is not None
    return found[1]


async def times(who: Api, name: str) -> list[str]:
    """When the documents of a list were made, the first first."""
    page = (await who.ask(f"{{ {name} {{ edges {{ node {{ createdAt }} }} }} }}"))[name]
    return sorted(edge["node"]["createdAt"] for edge in page["edges"])


async def conditions(chain: Chain) -> list[tuple[str, str, str]]:
    """Every condition that is an argument, with a value that cuts the list: `(list, argument, literal)`."""
    differing = chain.stores[1]
    store, variant = f'"{differing["Store"]}"', f'"{differing["Variant"]}"'
    found = [
        ("organisations", "kind", "[STORE]"),
        ("organisations", "search", '"home-s2"'),
        ("stockLevels", "variantId", variant),
        ("stockLevels", "locationId", store),
        ("stockMovements", "variantId", variant),
        ("stockMovements", "locationId", store),
        ("transfers", "status", "[CANCELLED]"),
        ("transfers", "locationId", store),
        ("fulfilments", "locationId", store),
        ("fulfilments", "status", "[CANCELLED]"),
        ("members", "search", f'"{differing["Member.number"]}"'),
        ("members", "tierCode", '"GOLD"'),
        ("changes", "types", "[TRANSFER_CHANGED, STOCKTAKE_CHANGED]"),
        ("purchaseOrders", "status", "[CANCELLED, DRAFT]"),
        ("purchaseOrders", "supplierCode", '"BAKERY"'),
        ("stocktakes", "status", "[CANCELLED, COUNTED]"),
    ]
    for name, kind in (("purchaseOrders", "PurchaseOrder"), ("stocktakes", "Stocktake")):
        first, *_, latest = await times(chain.admin, name)
        found += [
            (name, "locationId", store),
            (name, "number", f'"{differing[f"{kind}.number"]}"'),
            (name, "createdFrom", f'"{latest}"'),
            (name, "createdTo", f'"{latest}"'),
        ]
        assert first < latest
    return found


def asking(name: str, arguments: str) -> str:
    counted = "" if name == "changes" else "totalCount"
    return f"{{ {name}({arguments}) {{ {counted} edges {{ cursor }} }} }}"


async def refused(who: Api, query: str, **variables: Any) -> tuple[str, str, list[str]]:
    """The code and the message of a refusal, and the input that it names."""
    answer = await who.send(query, **variables)
    (error,) = answer["errors"]
    assert answer["data"] is None or set(answer["data"].values()) == {None}
    extensions = error["extensions"]
    return extensions["code"], error["message"], extensions["inputPath"]


async def test_an_argument_cuts_as_the_filter_does(chain: Chain) -> None:
    for name, argument, value in await conditions(chain):
        given = f"{argument}: {value}"
        whole = await chain.admin.ask(asking(name, "first: 250"))
        cut = await chain.admin.ask(asking(name, f"first: 250, {given}"))
        filtered = await chain.admin.ask(asking(name, f"first: 250, filter: {{ {given} }}"))
        assert cut[name]["edges"], (name, argument)
        assert cut == filtered != whole, (name, argument)
        unsaid = f"first: 250, {argument}: null, filter: {{ {given} }}"
        assert await chain.admin.ask(asking(name, unsaid)) == cut, (name, argument)
        unsaid = f"first: 250, {given}, filter: {{ {argument}: null }}"
        assert await chain.admin.ask(asking(name, unsaid)) == cut, (name, argument)


async def test_what_both_give_is_refused_by_the_name_of_the_argument(chain: Chain) -> None:
    for name, argument, value in await conditions(chain):
        given = f"{argument}: {value}"
        said = f"Give {argument} as an argument or in the filter, not both."
        both = asking(name, f"{given}, filter: {{ {given} }}")
        assert await refused(chain.admin, both) == ("INVALID", said, [argument]), name
    chinese = chain.admin.speaking("zh")
    _, said, _ = await refused(
        chinese, asking("stocktakes", "status: [OPEN], filter: { status: [] }")
    )
    assert said == "status 只能作为参数或在筛选条件中给出，不能两者都给。"


async def test_arguments_hold_together_with_other_conditions_of_the_filter(chain: Chain) -> None:
    one, two, _ = chain.stores
    for name, kind in (("purchaseOrders", "PurchaseOrder"), ("stocktakes", "Stocktake")):
        for store, expected in ((one, 1), (two, 0)):
            given = f'locationId: "{store["Store"]}"'
            given += f', filter: {{ number: "{one[f"{kind}.number"]}" }}'
            page = (await chain.admin.ask(asking(name, given)))[name]
            assert (page["totalCount"], len(page["edges"])) == (expected, expected)
    for tier, expected in (("GOLD", 0), ("NOBODY", 0), (None, 1)):
        code = f'"{tier}"' if tier else "null"
        given = f'tierCode: {code}, filter: {{ search: "{one["Member.number"]}" }}'
        page = (await chain.admin.ask(asking("members", given)))["members"]
        assert (page["totalCount"], len(page["edges"])) == (expected, expected)


async def test_an_argument_that_makes_no_sense_is_named_itself(chain: Chain) -> None:
    ids = (
        *(("stockLevels", key) for key in ("variantId", "locationId")),
        *(("stockMovements", key) for key in ("variantId", "locationId")),
        *((name, "locationId") for name in ("transfers", "fulfilments", "purchaseOrders")),
        ("stocktakes", "locationId"),
    )
    for name, argument in ids:
        for value in ("x", chain.stores[0]["Member"]):
            code, _, path = await refused(chain.admin, asking(name, f'{argument}: "{value}"'))
            assert (code, path) == ("INVALID", [argument]), name
    for name in ("organisations", "members"):
        for text in (" ", "x" * 101):
            code, _, path = await refused(chain.admin, asking(name, f'search: "{text}"'))
            assert (code, path) == ("INVALID", ["search"]), name


async def test_commissions_are_cut_by_a_status_or_by_a_filter(chain: Chain) -> None:
    words = chain.stores[0]
    member = await Member.get(id=row_id(words["Member"]))
    for order_id, status in enumerate((CommissionStatus.PENDING, CommissionStatus.WITHDRAWN)):
        await Commission.create(
            merchant_id=member.merchant_id, kind=CommissionKind.GUIDE_REGISTRATION, status=status,
            payee_key=f"MEMBER:{member.id}", member_id=member.id, base_minor=0, rate="0",
            amount_minor=100, order_id=1000 + order_id,
        )  # fmt: skip

    async def commissions(**given: Any) -> Any:
        return (await words["member"].ask(COMMISSIONS, **given))["me"]["referral"]["commissions"]

    page = await commissions(status="PENDING")
    assert page["totalCount"] == 1
    assert [edge["node"]["status"] for edge in page["edges"]] == ["PENDING"]
    assert await commissions(filter={"status": ["PENDING"]}) == page
    assert (await commissions())["totalCount"] == 2
    answer = await words["member"].send(COMMISSIONS, status="PENDING", filter={"status": []})
    (error,) = answer["errors"]
    assert error["extensions"]["inputPath"] == ["status"]
    assert error["extensions"]["code"] == "INVALID"
