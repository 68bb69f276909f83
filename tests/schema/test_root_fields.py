"""Every root field, asked by everybody for what is theirs, a stranger's, and nowhere.

The fields and their arguments are found in the schema; `tests/make/probes.py` says what each argument
names. What is another chain's, or another store's where the caller works in one, must be answered exactly
as what is nowhere.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass

import pytest

from settings import Settings
from tests.make.answers import normal
from tests.make.api import Api
from tests.make.nowhere import missing
from tests.make.patience import patient
from tests.make.probes import Leaf, Root, arguments, document, leaves, put, roots
from tests.make.territories import Chain, Territory, a_chain

# What belongs to one store: those who work in another one do not see it.
OF_ONE_STORE = {
    "Order",
    "Fulfilment",
    "Stocktake",
    "PurchaseOrder",
    "SupplierReturn",
    "PrintTicket",
}
OF_ONE_STORE |= {f"{word}.number" for word in OF_ONE_STORE}
IN_ONE_STORE = ("manager", "guide", "cashier", "picker")
# Whoever has it may use it, whose customer they ever are.
CAPABILITIES = {"shareLink(token)"}
# What takes access away.
ENDINGS = {"apiClientRevoke", "apiClientSecretRotate", "sessionRevoke", "storefrontUpdate"}
EVERYBODY = bool(os.environ.get("QUINTET_TEST_EVERYBODY"))
STRIDE = 6
SILENT_SECONDS = 1.5  # for a hundred subscriptions at once
# Probes that need every argument to come as far as looking for what they name.
WITH_ALL = {
    "backorderSet(input.rows.sku)", "catalogUpsert(input.products.categoryCode)",
    "priceSet(input.rows.listCode)", "priceSet(input.rows.sku)",
}  # fmt: skip
# Probes that look no further: another argument, or a state that only a longer story reaches, decides first.
# The tests of their rooms ask them.
BLIND = {
    "auditLog(filter.actorId)", "auditLog(filter.subjectId)",
    "transferCancel(input.lost.variantId)",
    "assortmentSet(input.rows.locationCode)", "catalogUpsert(input.products.categoryParentCode)",
    "cartCustomerSet(input.cartId)", "cartCustomerSet(input.customer.cardNumber)",
    "cartCustomerSet(input.customer.memberId)", "cartCustomerSet(input.customer.phone)",
    "carts(filter.guideId)", "categories(parentCode)", "checkoutPlace(input.checkout.cartId)",
    "checkoutPlace(input.checkout.fulfilments.lines.variantId)",
    "checkoutPlace(input.checkout.fulfilments.storeId)",
    "checkoutPlace(input.checkout.lines.variantId)", "checkoutPlace(input.checkout.referralToken)",
    "checkoutQuote(input.cartId)", "checkoutQuote(input.fulfilments.lines.variantId)",
    "checkoutQuote(input.fulfilments.storeId)", "checkoutQuote(input.lines.variantId)",
    "checkoutQuote(input.referralToken)", "fulfilmentComplete(input.serials.variantId)",
    "fulfilmentAccept(input.serials.variantId)", "fulfilmentReady(input.serials.variantId)",
    "members(filter.guideId)",
    "fulfilmentReturn(input.serials.variantId)",
    "fulfilmentShip(input.serials.variantId)", "orders(filter.guideId)", "orders(filter.storeId)",
    "organisationUpsert(input.parentCode)", "otpSignIn(input.phone)", "otpSignIn(input.referralToken)",
    "paymentRecord(input.orderId)", "paymentStart(input.orderId)",
    "pickupCollect(input.serials.variantId)", "productFacets(filter.carriedAtId)",
    "products(filter.carriedAtId)", "purchaseOrderCreate(input.supplierCode)",
    "purchaseOrderReceive(input.serials.variantId)", "routePreview(lines.variantId)",
    "serialNumber(serial)", "serialNumber(sku)", "shareLinkCreate(input.cartId)",
    "shareLinkCreate(input.orderId)", "shareLinkCreate(input.productId)", "staffSignIn(input.username)",
    "stockAdjust(input.locationCode)", "stockAdjust(input.sku)", "stockAsOf(filter.locationId)",
    "stockAsOf(filter.variantId)", "stockValue(locationId)", "stocktakeCount(input.counts.variantId)",
    "stocktakeCount(input.serials.variantId)", "stocktakeRecount(input.variantIds)",
    "supplierReturnCreate(input.lines.variantId)", "supplierReturnCreate(input.locationId)",
    "supplierReturnCreate(input.supplierCode)", "supplierReturnShip(input.serials.variantId)",
    "transferApprove(input.lines.variantId)", "transferCancel(input.lostSerials.variantId)",
    "transfers(filter.destinationId)",
    "transferReceive(input.lines.variantId)", "transferReject(input.lines.variantId)",
    "transferRequest(input.lines.variantId)", "transferShip(input.lines.variantId)",
    "transferShip(input.serials.variantId)",
}  # fmt: skip
KINDS = ("query", "mutation")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return patient(settings)


@dataclass(frozen=True)
class Two:
    """Two chains in one database."""

    home: Chain
    rival: Chain


@pytest.fixture
async def chains(api: Api) -> Two:
    platform = await api.staff()
    return Two(await a_chain(platform, "HOME", 0), await a_chain(platform, "RIVAL", 10, 3))


def turns(chain: Chain, number: int) -> list[tuple[str, Api]]:
    """Who asks the probe of this number: some of them, so that all ask something; everybody if told."""
    callers = [*chain.callers.items()]
    return callers if EVERYBODY else callers[number % STRIDE :: STRIDE]


def probes() -> list[Leaf]:
    """Queries first, which see nothing that the mutations do; last what ends the callers themselves."""
    found = (leaf for kind in KINDS for root in roots(kind) for leaf in leaves(root) if leaf.word)
    asked = [leaf for leaf in found if str(leaf) not in CAPABILITIES]
    return sorted(asked, key=lambda leaf: leaf.root.name in ENDINGS)


async def test_what_is_foreign_is_nowhere(chains: Two) -> None:
    """And nothing of it changes."""
    nowhere, faults = missing(), []
    for number, leaf in enumerate(probes()):
        for name, caller in turns(chains.home, number):
            foreign = [chains.rival.stores[2]]
            if name in IN_ONE_STORE and leaf.word in OF_ONE_STORE:
                foreign.append(chains.home.stores[1])
            if not all(leaf.word in each.words for each in foreign):
                continue
            expected = await ask(caller, leaf.root, leaf, nowhere, chains.home)
            for each in foreign:
                got = await ask(caller, leaf.root, leaf, each, chains.home)
                if got != expected:
                    faults.append(
                        f"{name} {leaf}:\n  foreign {got[:400]}\n  nowhere {expected[:400]}"
                    )
    assert not faults, "\n".join(faults)


async def test_what_is_ones_own_is_found(chains: Two) -> None:
    """So that the comparison above compares something: asked of one's own, each probe finds it."""
    nowhere, own, blind = missing(), chains.home.stores[0], set()
    for leaf in probes():
        callers = [chains.home.callers[name] for name in ("admin", "member", "anonymous")]
        found = [
            await ask(each, leaf.root, leaf, own, chains.home)
            != await ask(each, leaf.root, leaf, nowhere, chains.home)
            for each in callers
        ]
        if not any(found):
            blind.add(str(leaf))
    assert blind <= BLIND, sorted(blind - BLIND)


async def test_what_is_foreign_is_never_told(chains: Two) -> None:
    """A subscription to what is foreign goes as one to what is nowhere: refused alike, or silent alike."""
    nowhere, foreign = missing(), chains.rival.stores[2]
    asked = [leaf for root in roots("subscription") for leaf in leaves(root) if leaf.word]
    pairs = [
        (name, leaf, caller)
        for leaf in asked
        for name, caller in chains.home.callers.items()
        if EVERYBODY or name in ("anonymous", "member", "guide", "admin", "erp")
    ]
    heard = await asyncio.gather(
        *(
            heard_first(caller, leaf, territory, chains.home)
            for _, leaf, caller in pairs
            for territory in (foreign, nowhere)
        )
    )
    faults = [
        f"{name} {leaf}: {here} but {there}"
        for (name, leaf, _), here, there in zip(pairs, heard[::2], heard[1::2], strict=True)
        if here != there
    ]
    assert asked
    assert not faults, "\n".join(faults)


async def heard_first(api: Api, leaf: Leaf, territory: Territory, home: Chain) -> str:
    """The first message, or that there is none for a while."""
    assert leaf.word is not None
    given = arguments(leaf.root, home.stores[0], False, leaf)
    put(given, leaf.path, territory[leaf.word])
    async with api.subscribe(document(leaf.root, given), **given) as running:
        try:
            message = await asyncio.wait_for(running.socket.recv(), SILENT_SECONDS)
        except TimeoutError:
            return "silence"
    return normal(json.loads(message), territory[leaf.word])


async def ask(api: Api, root: Root, leaf: Leaf, territory: Territory, home: Chain) -> str:
    """The answer to a question about one's own, but for what `leaf` names, which is of `territory`."""
    assert leaf.word is not None
    given = arguments(root, home.stores[0], str(leaf) in WITH_ALL, leaf)
    put(given, leaf.path, territory[leaf.word])
    answer = await api.send(document(root, given), **given)
    return normal(answer, territory[leaf.word])
