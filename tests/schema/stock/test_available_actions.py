"""What a document offers its reader is what the mutations then do for them, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.make.api import Api
from tests.make.persons import staff
from tests.make.shop import Shop, new_key, open_shop

Given = dict[str, Any]


@dataclass(frozen=True)
class Chain:
    """Two shops, and callers by what they are to a document: `maker` makes it, `hq` takes its steps."""

    source: Shop
    shop: Shop
    callers: dict[str, Api]

    def line(self, quantity: int, **more: Any) -> Given:
        return {"variantId": self.source.variant_id, "quantity": quantity, **more}


@dataclass(frozen=True)
class Kind:
    """A kind of document: how it is made, its steps by action, and the steps that lead to each state."""

    node: str
    make: tuple[str, Callable[[Chain], Given]]
    steps: dict[str, tuple[str, Callable[[Chain], Given]]]
    states: dict[str, tuple[str, ...]]


def nothing(chain: Chain) -> Given:
    return {}


def keyed(given: Callable[[Chain], Given] = nothing) -> Callable[[Chain], Given]:
    return lambda chain: {**given(chain), "idempotencyKey": new_key()}


def came(accepted: int) -> Callable[[Chain], Given]:
    return keyed(
        lambda chain: {"lines": [{"variantId": chain.source.variant_id, "accepted": accepted}]}
    )


def bought(quantity: int) -> Callable[[Chain], Given]:
    return keyed(lambda chain: {"lines": [chain.line(quantity)]})


TRANSFER = Kind(
    "transfer",
    (
        "transferRequest",
        keyed(
            lambda chain: {
                "sourceId": chain.source.store_id,
                "destinationId": chain.shop.store_id,
                "lines": [chain.line(3)],
            }
        ),
    ),
    {
        "APPROVE": ("transferApprove", nothing),
        "REJECT": ("transferReject", nothing),
        "SHIP": ("transferShip", keyed()),
        "RECEIVE": ("transferReceive", came(1)),
        "RECEIVE the rest": ("transferReceive", came(3)),
        "CANCEL": ("transferCancel", nothing),
    },
    {
        "SUBMITTED": (),
        "APPROVED": ("APPROVE",),
        "REJECTED": ("REJECT",),
        "IN_TRANSIT": ("APPROVE", "SHIP"),
        "PARTIALLY_RECEIVED": ("APPROVE", "SHIP", "RECEIVE"),
        "RECEIVED": ("APPROVE", "SHIP", "RECEIVE the rest"),
        "CANCELLED": ("CANCEL",),
    },
)
PURCHASE = Kind(
    "purchaseOrder",
    (
        "purchaseOrderCreate",
        keyed(
            lambda chain: {
                "supplierCode": "DAIRY",
                "destinationId": chain.shop.store_id,
                "lines": [chain.line(3, unitCost="1.50")],
            }
        ),
    ),
    {
        "APPROVE": ("purchaseOrderApprove", nothing),
        "RECEIVE": ("purchaseOrderReceive", bought(1)),
        "RECEIVE the rest": ("purchaseOrderReceive", bought(3)),
        "CANCEL": ("purchaseOrderCancel", nothing),
    },
    {
        "SUBMITTED": (),
        "APPROVED": ("APPROVE",),
        "PARTIALLY_RECEIVED": ("APPROVE", "RECEIVE"),
        "RECEIVED": ("APPROVE", "RECEIVE the rest"),
        "CANCELLED": ("CANCEL",),
    },
)
RETURN = Kind(
    "supplierReturn",
    (
        "supplierReturnCreate",
        keyed(
            lambda chain: {
                "supplierCode": "DAIRY",
                "locationId": chain.shop.store_id,
                "lines": [chain.line(1)],
            }
        ),
    ),
    {
        "APPROVE": ("supplierReturnApprove", nothing),
        "SHIP": ("supplierReturnShip", keyed()),
        "CANCEL": ("supplierReturnCancel", nothing),
    },
    {
        "SUBMITTED": (),
        "APPROVED": ("APPROVE",),
        "SHIPPED": ("APPROVE", "SHIP"),
        "CANCELLED": ("CANCEL",),
    },
)
STOCKTAKE = Kind(
    "stocktake",
    (
        "stocktakeOpen",
        lambda chain: {
            "locationId": chain.shop.store_id,
            "variantIds": [chain.source.variant_id],
        },
    ),
    {
        "COUNT": ("stocktakeCount", lambda chain: {"counts": [chain.line(500)]}),
        "RECOUNT": ("stocktakeRecount", lambda chain: {"variantIds": [chain.source.variant_id]}),
        "APPROVE": ("stocktakeApprove", keyed()),
        "CANCEL": ("stocktakeCancel", nothing),
    },
    {
        "OPEN": (),
        "COUNTED": ("COUNT",),
        "APPROVED": ("COUNT", "APPROVE"),
        "CANCELLED": ("CANCEL",),
    },
)
REFUSALS = {"STATE_CONFLICT", "FORBIDDEN", "NOT_FOUND", "UNAUTHENTICATED"}
KINDS = {kind.node: kind for kind in (TRANSFER, PURCHASE, RETURN, STOCKTAKE)}
# Whoever counted cannot approve, so somebody else counts where headquarters approves.
COUNTS = "maker"
ACT_INPUTS = {
    "transferApprove": "TransferDecideInput",
    "transferReject": "TransferDecideInput",
    "purchaseOrderApprove": "PurchaseOrderActInput",
    "purchaseOrderCancel": "PurchaseOrderActInput",
    "supplierReturnApprove": "SupplierReturnActInput",
    "supplierReturnCancel": "SupplierReturnActInput",
    "stocktakeApprove": "StocktakeActInput",
}


@pytest.fixture
async def chain(api: Api) -> Chain:
    hq = await api.staff()
    source, shop = await open_shop(hq, 5000, code="SOURCE"), await open_shop(hq, 0)
    await open_shop(hq, 0, code="FAR")
    rows = [{"locationCode": "SHOP", "sku": source.sku, "quantity": 500}]
    await hq.do(asking("stockSet"), input={"rows": rows, "idempotencyKey": new_key()})
    suppliers = [{"code": "DAIRY", "name": "DAIRY"}]
    await hq.do(asking("supplierUpsert"), input={"suppliers": suppliers})
    viewer = (await hq.ask("{ viewer { organisations { code } } }"))["viewer"]
    merchant = viewer["organisations"][0]["code"]
    people = {
        "maker": ("SHOP", "STOCK_CONTROLLER"),
        "controller": (merchant, "STOCK_CONTROLLER"),
        "finance": (merchant, "FINANCE"),
        "buyer": (merchant, "MERCHANDISER"),
        "sender": ("SOURCE", "MANAGER"),
        "receiver": ("SHOP", "MANAGER"),
        "guide": ("SHOP", "GUIDE"),
        "picker": ("SHOP", "PICKER"),
        "stranger": ("FAR", "ADMIN"),
    }
    callers = {name: await staff(hq, *of) for name, of in people.items()}
    return Chain(source, shop, {"hq": hq, **callers, "visitor": api.as_(None)})


def asking(mutation: str, node: str = "") -> str:
    kind = ACT_INPUTS.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
    selected = f"{node} {{ id }}" if node else ""
    return (
        f"mutation($input: {kind}!) {{ {mutation}(input: $input)"
        f" {{ {selected} userErrors {{ code }} }} }}"
    )


async def a_document(chain: Chain, kind: Kind, state: str) -> str:
    mutation, given = kind.make
    payload = await chain.callers["maker"].do(asking(mutation, kind.node), input=given(chain))
    row_id: str = payload[kind.node]["id"]
    for step in kind.states[state]:
        caller = chain.callers[COUNTS if step == "COUNT" else "hq"]
        assert await refusal(chain, kind, caller, step, row_id) is None, (state, step)
    return row_id


async def refusal(chain: Chain, kind: Kind, caller: Api, action: str, row_id: str) -> str | None:
    """The code that the caller's step is refused with, or None once it is done."""
    mutation, given = kind.steps[action]
    answer = await caller.send(asking(mutation), input={f"{kind.node}Id": row_id, **given(chain)})
    if "errors" in answer:
        code: str = answer["errors"][0]["extensions"]["code"]
        return code
    errors = answer["data"][mutation]["userErrors"]
    return errors[0]["code"] if errors else None


async def offered(kind: Kind, caller: Api, row_id: str) -> list[str]:
    """None of what is not shown."""
    query = f"query($id: ID!) {{ {kind.node}(id: $id) {{ availableActions }} }}"
    found = ((await caller.send(query, id=row_id))["data"] or {}).get(kind.node)
    return found["availableActions"] if found else []


async def over(chain: Chain, kind: Kind, row_id: str) -> None:
    """Let a stocktake make room for the next one."""
    if kind is STOCKTAKE:
        await refusal(chain, kind, chain.callers["hq"], "CANCEL", row_id)


@pytest.mark.parametrize("name", KINDS)
async def test_what_is_offered_is_done_and_nothing_else(chain: Chain, name: str) -> None:
    kind, seen = KINDS[name], set()
    for state in kind.states:
        row_id = await a_document(chain, kind, state)
        for who, caller in chain.callers.items():
            offers = await offered(kind, caller, row_id)
            for action in (each for each in kind.steps if " " not in each):
                refused = await refusal(chain, kind, caller, action, row_id)
                assert (refused is None) == (action in offers), (state, who, action, refused)
                seen.add((action, refused))
                if refused is None:
                    await over(chain, kind, row_id)
                    row_id = await a_document(chain, kind, state)
                else:
                    assert refused in REFUSALS, (state, who, action, refused)
        await over(chain, kind, row_id)
    assert {action for action, refused in seen if refused is None} == {
        each for each in kind.steps if " " not in each
    }
    assert {refused for _, refused in seen} - {None} == REFUSALS
