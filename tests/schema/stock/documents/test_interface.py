"""`StockDocument`: every kind has its fields, by either executor, and one list shows all kinds."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from graphql import get_named_type

from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.transfer_rules import TransferStatus
from resolvers.context import Context
from schema import schema
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.stock.documents.statuses import StockDocumentKind, StockDocumentStatus
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.sales import context_of
from tests.make.shop import Shop, open_shop
from tests.make.statements import counting
from tests.make.stock_documents import a_document, asking
from tests.schema.execution.oracle import agree

LISTS = ("transfers", "purchaseOrders", "supplierReturns", "stocktakes")
SHARED = """
  __typename id number note createdAt updatedAt documentStatus lineCount
  locations { __typename code name }
  createdBy { __typename ... on Staff { name } }
  history(first: 2) { from to actor { ... on Staff { name } } }
"""
OWN = """
  ... on Transfer { transferStatus: status source { code } lines { requested } availableActions }
  ... on PurchaseOrder { orderStatus: status total { amount } supplier { name } approvedBy { __typename } }
  ... on SupplierReturn { returnStatus: status supplier { name } lines { quantity } }
  ... on Stocktake { countStatus: status location { code } lines { counted } }
"""
ALL = (
    "query($filter: StockDocumentFilter, $first: Int) { stockDocuments(filter: $filter, first: $first)"
    " { totalCount kindCounts { value count } statusCounts { value count } edges { cursor node { %s } } } }"
)

BY_ID = "query($id: ID!) { node(id: $id) { ... on StockDocument { %s } } }"


async def opened(api: Api) -> tuple[Api, list[Shop]]:
    admin = await api.staff()
    shops = [await open_shop(admin, 9, code=code) for code in ("ONE", "TWO")]
    supplier = [{"code": "DAIRY", "name": "Dairy"}]
    await admin.do(asking("supplierUpsert"), input={"suppliers": supplier})
    return admin, shops


async def add_one_of_each(hq: Api, shops: list[Shop]) -> None:
    one, two = shops
    await a_document(hq, "transfers", one, two, "DAIRY")
    await a_document(hq, "purchaseOrders", one, two, "DAIRY")
    await a_document(hq, "supplierReturns", two, one, "DAIRY")


async def count(hq: Api, shop: Shop) -> None:
    await a_document(hq, "stocktakes", shop, shop, "DAIRY")


def test_every_status_of_every_kind_is_a_status_of_stock_documents() -> None:
    kinds: tuple[type[StrEnum], ...] = (
        TransferStatus,
        PurchaseOrderStatus,
        SupplierReturnStatus,
        StocktakeStatus,
    )
    assert {each for kind in kinds for each in kind} == set(StockDocumentStatus)


def test_every_kind_has_a_payload_with_its_document_and_user_errors() -> None:
    mutations = schema._schema.mutation_type
    assert mutations
    for name, kind in (
        ("transferShip", "Transfer"),
        ("purchaseOrderReceive", "PurchaseOrder"),
        ("supplierReturnShip", "SupplierReturn"),
        ("stocktakeCount", "Stocktake"),
    ):
        payload = get_named_type(mutations.fields[name].type)
        assert payload.name == f"{kind}Payload"
        field, errors = payload.fields.items()  # type: ignore[union-attr]
        assert (field[0], str(field[1].type)) == (f"{kind[0].lower()}{kind[1:]}", kind)
        assert (errors[0], str(errors[1].type)) == ("userErrors", "[UserError!]!")


async def test_each_kind_shows_what_all_share_in_the_list_and_by_its_own_root_field(
    api: Api,
) -> None:
    admin, shops = await opened(api)
    await add_one_of_each(admin, shops)
    await count(admin, shops[0])
    listed = (await admin.ask(ALL % SHARED, first=9))["stockDocuments"]
    nodes = {edge["node"]["__typename"]: edge["node"] for edge in listed["edges"]}
    assert set(nodes) == {str(each) for each in StockDocumentKind}
    assert listed["totalCount"] == 4
    assert {each["value"]: each["count"] for each in listed["kindCounts"]} == dict.fromkeys(
        nodes, 1
    )
    assert listed["statusCounts"] == [
        {"value": "OPEN", "count": 1},
        {"value": "SUBMITTED", "count": 3},
    ]
    places = {kind: [each["code"] for each in node["locations"]] for kind, node in nodes.items()}
    assert places == {
        "Transfer": ["TWO", "ONE"],
        "PurchaseOrder": ["ONE"],
        "SupplierReturn": ["TWO"],
        "Stocktake": ["ONE"],
    }
    for node in nodes.values():
        begun = "OPEN" if node["__typename"] == "Stocktake" else "SUBMITTED"
        assert (node["documentStatus"], node["lineCount"]) == (begun, 1)
        assert node["createdBy"]["__typename"] == "Staff"
        assert node["createdBy"]["name"] == node["history"][0]["actor"]["name"]
        assert [(each["from"], each["to"]) for each in node["history"]] == [(None, begun)]
    for name in LISTS:
        single = await admin.ask(f"{{ {name}(first: 1) {{ edges {{ node {{ {SHARED} }} }} }} }}")
        (edge,) = single[name]["edges"]
        assert edge["node"] == nodes[edge["node"]["__typename"]]
        again = await admin.ask(BY_ID % SHARED, id=edge["node"]["id"])
        assert again["node"] == edge["node"]


@pytest.mark.parametrize("fields", [SHARED, OWN, SHARED + OWN])
async def test_both_executors_answer_the_interface_alike(api: Api, fields: str) -> None:
    admin, shops = await opened(api)
    await add_one_of_each(admin, shops)
    await count(admin, shops[1])
    await add_one_of_each(admin, shops)
    ctx = await context_of(api)
    compiled, core = CompiledExecutor(schema), GraphQLCoreExecutor(schema)

    async def alike(variables: dict[str, Any]) -> Any:
        result = await agree(compiled, core, ALL % fields, variables, lambda: fresh(ctx))
        assert result.errors is None
        assert result.data
        return result.data["stockDocuments"]

    assert len((await alike({"first": 9}))["edges"]) == 7
    assert len((await alike({"filter": {"kind": ["TRANSFER", "STOCKTAKE"]}}))["edges"]) == 3
    assert (await alike({"filter": {"status": ["REJECTED"]}}))["edges"] == []


def fresh(ctx: Context) -> Context:
    """The same caller, who remembers nothing."""
    return replace(ctx, memory={})


async def test_many_documents_take_no_more_statements_than_one_of_each_kind(api: Api) -> None:
    admin, shops = await opened(api)
    await add_one_of_each(admin, shops)
    await count(admin, shops[0])
    query = ALL % (SHARED + OWN)
    await admin.ask(query, first=50)
    await add_one_of_each(admin, shops)
    with counting() as few:
        await admin.ask(query, first=50)
    for _ in range(3):
        await add_one_of_each(admin, shops)
    await count(admin, shops[1])
    with counting() as many:
        found = (await admin.ask(query, first=50))["stockDocuments"]
    assert found["totalCount"] == len(found["edges"]) == 17
    assert len(many) == len(few), "\n".join(many)


async def test_the_inbox_shows_what_is_open_and_leaves_out_what_the_caller_may_not_read(
    api: Api,
) -> None:
    admin, shops = await opened(api)
    await add_one_of_each(admin, shops)
    manager, guide = [await staff(admin, "ONE", role) for role in ("MANAGER", "GUIDE")]
    inbox = document("hq/stock_documents")

    async def kinds(who: Api, **filter_: Any) -> set[str]:
        found = (await who.ask(inbox, filter={"open": True, **filter_}))["stockDocuments"]
        return {edge["node"]["__typename"] for edge in found["edges"]}

    assert await kinds(admin) == {"Transfer", "PurchaseOrder", "SupplierReturn"}
    assert await kinds(admin, open=False) == set()
    assert await kinds(manager) == {"Transfer", "PurchaseOrder"}
    assert await kinds(guide) == {"Transfer"}
    assert await kinds(admin, variantId=shops[1].variant_id) == {"SupplierReturn"}
    for who, code in ((guide, "FORBIDDEN"), (api, "UNAUTHENTICATED")):
        answer = await who.send(inbox, filter={"kind": ["PURCHASE_ORDER"]})
        assert answer["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("field", ["locationId", "variantId"])
async def test_a_wrong_id_is_refused(api: Api, field: str) -> None:
    admin = await api.staff()
    answer = await admin.send(ALL % SHARED, filter={field: "nothing"})
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID"
    assert "not the ID" in error["message"]
    assert answer["data"] is None
