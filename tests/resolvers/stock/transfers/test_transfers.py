"""Transfers: every piece is at one place, on the road or said to be lost, whoever acts at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.accounts.roles import Role
from models.database import transaction
from models.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InsufficientStock,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    Refusals,
    StateConflict,
)
from models.stock.documents.transfer_rules import TransferAction, TransferStatus
from models.stock.documents.transfers import Transfer
from models.stock.ledger import StockMovement
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from resolvers.stock.documents import inbound as documents_inbound
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.documents import history_of
from resolvers.stock.documents.kinds import TRANSFERS
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers import transfers
from resolvers.stock.transfers.arrivals import ReceiptDraft
from resolvers.stock.transfers.requests import TransferDraft
from tests.make.holds import of
from tests.make.stock import a_variant
from tests.make.transfers import (
    Chain,
    a_chain,
    a_key,
    approved,
    line_of,
    on_the_road,
    pieces_in_all,
    requested,
    shipped,
    somebody,
)


async def sound(chain: Chain) -> None:
    """The ledger explains every level, and the documents everything that is on its way."""
    assert (await audit.run(chain.ctx)).drifts == []
    assert await documents_inbound.drifts_of([chain.source.id, chain.destination.id]) == []


async def test_goods_are_asked_for_agreed_to_sent_and_counted(ctx: Context) -> None:
    chain = await a_chain(ctx, 10, 5)
    transfer = await requested(chain, 6, 4)
    assert transfer.number.startswith("TR-")
    transfer = await transfer_requests.approve(
        chain.hq, transfer.id, chain.lines(5), "no more than five"
    )
    assert (transfer.status, transfer.decided_by_id) == (TransferStatus.APPROVED, chain.hq.actor.id)
    assert [(await line_of(transfer, each)).approved for each in (0, 1)] == [5, 0]
    assert (await chain.at_source()).available == 10  # nothing has moved yet

    transfer = await transfer_shipping.ship(chain.sender, transfer.id, None, a_key())
    assert transfer.status is TransferStatus.IN_TRANSIT
    there = await chain.at_destination()
    assert ((await chain.at_source()).available, there.available, there.incoming) == (5, 0, 5)
    assert (await chain.at_source(1)).available == 5

    first = [ReceiptDraft(chain.levels[0].variant_id, accepted=2, rejected=1)]
    transfer = await transfer_arrivals.receive(chain.receiver, transfer.id, first, a_key())
    there = await chain.at_destination()
    assert transfer.status is TransferStatus.PARTIALLY_RECEIVED
    assert (there.available, there.quarantined, there.incoming) == (2, 1, 2)

    rest = [ReceiptDraft(chain.levels[0].variant_id, accepted=1, lost=1)]
    transfer = await transfer_arrivals.receive(chain.receiver, transfer.id, rest, a_key())
    there = await chain.at_destination()
    assert transfer.status is TransferStatus.RECEIVED
    assert (there.available, there.quarantined, there.incoming) == (3, 1, 0)
    assert await pieces_in_all() == 14  # one of fifteen is lost, and the ledger says so
    (lost,) = await StockMovement.filter(from_state="IN_TRANSIT", to_state="OUTSIDE")
    assert (lost.quantity, lost.document_type, lost.document_id) == (1, "Transfer", transfer.id)
    history = (await history_of("Transfer", [transfer.id]))[transfer.id]
    assert [(each.to_status, each.note) for each in history] == [
        ("SUBMITTED", None),
        ("APPROVED", "no more than five"),
        ("IN_TRANSIT", None),
        ("PARTIALLY_RECEIVED", None),
        ("RECEIVED", None),
    ]
    await sound(chain)


async def test_what_is_called_back_is_at_the_source_again_or_lost(ctx: Context) -> None:
    chain = await a_chain(ctx, 10, 5)
    transfer = await shipped(chain, 6, 2)
    came = [ReceiptDraft(chain.levels[0].variant_id, accepted=1)]
    await transfer_arrivals.receive(chain.receiver, transfer.id, came, a_key())
    with pytest.raises(Forbidden):  # the goods come back to the sender, who must have them
        await transfer_arrivals.cancel(chain.receiver, transfer.id, None, None, None)
    with pytest.raises(Refusals) as refused:
        await transfer_arrivals.cancel(chain.sender, transfer.id, None, chain.lines(6), None)
    assert [each.path for each in refused.value.refusals] == [("lost", 0, "quantity")]
    key = a_key()
    for _ in range(2):  # the same key again answers the same and moves nothing
        transfer = await transfer_arrivals.cancel(
            chain.sender, transfer.id, "the van broke down", chain.lines(2), key
        )
    assert transfer.status is TransferStatus.CANCELLED
    line = await line_of(transfer)
    assert (line.accepted, line.lost, line.returned, line.in_transit) == (1, 2, 3, 0)
    there = await chain.at_destination()
    assert ((await chain.at_source()).available, there.available, there.incoming) == (7, 1, 0)
    assert (await chain.at_source(1)).available == 5
    await sound(chain)


async def test_one_person_at_headquarters_pushes_stock_where_a_setting_allows_it(
    ctx: Context,
) -> None:
    settings = replace(ctx.settings, transfer_one_pair_of_eyes=True)
    chain = await a_chain(replace(ctx, settings=settings), 10)
    alone = await somebody(chain.ctx, Role.ADMIN, ctx.merchant_id or 0)
    strict = replace(alone, settings=ctx.settings, memory={})
    draft = TransferDraft(
        source_id=chain.source.id, destination_id=chain.destination.id, lines=chain.lines(4)
    )
    asked = await transfer_requests.request(alone, draft, a_key())
    assert await transfers.actions_of(strict, [asked]) == [[TransferAction.CANCEL]]
    with pytest.raises(Forbidden):
        await transfer_requests.approve(strict, asked.id, None, None)
    assert TransferAction.APPROVE in (await transfers.actions_of(alone, [asked]))[0]
    agreed = await transfer_requests.approve(alone, asked.id, None, None)
    assert (agreed.status, agreed.decided_by_id) == (TransferStatus.APPROVED, alone.actor.id)

    asked = await requested(chain, 3)  # by the manager of the store, who may not decide
    assert await transfers.actions_of(chain.receiver, [asked]) == [[TransferAction.CANCEL]]
    with pytest.raises(PermissionDenied):
        await transfer_requests.approve(chain.receiver, asked.id, None, None)
    assert (await chain.at_source()).available == 10


async def test_whoever_asked_cannot_decide_and_a_store_cannot_either(ctx: Context) -> None:
    chain = await a_chain(ctx, 10)
    draft = transfer_requests.TransferDraft(
        source_id=chain.source.id, destination_id=chain.destination.id, lines=chain.lines(3)
    )
    own = await transfer_requests.request(chain.hq, draft, a_key())
    for decide in (
        transfer_requests.approve(chain.hq, own.id, None, None),
        transfer_requests.reject(chain.hq, own.id, None),
    ):
        with pytest.raises(Forbidden):
            await decide
    with pytest.raises(PermissionDenied):
        await transfer_requests.approve(chain.sender, own.id, None, None)
    assert await transfers.actions_of(chain.hq, [own]) == [["CANCEL"]]
    assert await transfers.actions_of(chain.receiver, [own]) == [["CANCEL"]]
    assert (await Transfer.get(id=own.id)).status is TransferStatus.SUBMITTED


async def test_a_stranger_sees_no_transfer_and_asks_for_none(ctx: Context) -> None:
    chain, other = await a_chain(ctx, 10), await a_chain(ctx, 10)
    transfer = await approved(chain, 3)
    with pytest.raises(NotFound):
        await transfer_shipping.ship(other.sender, transfer.id, None, a_key())
    assert await reading.by_ids(other.sender, TRANSFERS, [transfer.id]) == {}
    assert await reading.get(other.sender, TRANSFERS, None, transfer.number) is None
    draft = transfer_requests.TransferDraft(
        source_id=chain.source.id, destination_id=chain.destination.id, lines=chain.lines(3)
    )
    with pytest.raises(NotFound) as refused:
        await transfer_requests.request(other.receiver, draft, a_key())
    assert refused.value.path == ("destinationId",)
    with pytest.raises(Forbidden):  # the destination sees it, but does not send it
        await transfer_shipping.ship(chain.receiver, transfer.id, None, a_key())
    assert await on_the_road() == 0


async def test_lists_are_cut_to_the_territory_and_paged(ctx: Context) -> None:
    chain, other = await a_chain(ctx, 10), await a_chain(ctx, 10)
    mine = [(await requested(chain, 1)).id for _ in range(3)]
    await approved(other, 1)
    everything = DocumentFilter()
    first = (await lists.listed(chain.sender, TRANSFERS, everything, PageRequest(first=2))).page
    further = PageRequest(first=2, after=first.cursors[-1])
    rest = (await lists.listed(chain.sender, TRANSFERS, everything, further)).page
    assert [row.id for row in (*first.rows, *rest.rows)] == mine[::-1]
    assert (first.has_next, rest.has_next) == (True, False)
    wanted = DocumentFilter(statuses=[TransferStatus.APPROVED])
    agreed = await lists.listed(chain.hq, TRANSFERS, wanted, PageRequest())
    assert len(agreed.page.rows) == 1
    wanted = DocumentFilter(location_id=chain.destination.id)
    there = await lists.listed(chain.hq, TRANSFERS, wanted, PageRequest())
    assert len(there.page.rows) == 3


async def test_what_is_not_there_is_not_sent_and_nothing_is(ctx: Context) -> None:
    chain = await a_chain(ctx, 10, 2)
    transfer = await approved(chain, 5, 3)
    with pytest.raises(Refusals) as refused:
        await transfer_shipping.ship(chain.sender, transfer.id, None, a_key())
    (short,) = refused.value.refusals
    assert isinstance(short, InsufficientStock)
    assert (short.variant_id, short.requested, short.available) == (
        chain.levels[1].variant_id,
        3,
        2,
    )
    assert short.path == ("transferId",)
    assert ((await chain.at_source()).available, await on_the_road()) == (10, 0)
    key = a_key()
    sent = await transfer_shipping.ship(chain.sender, transfer.id, chain.lines(5, 2), key)
    again = await transfer_shipping.ship(chain.sender, transfer.id, chain.lines(5, 2), key)
    assert sent.id == again.id
    with pytest.raises(IdempotencyKeyReused):
        await transfer_shipping.ship(chain.sender, transfer.id, chain.lines(4), key)
    assert (await chain.at_source(1)).available == 0
    await sound(chain)


async def test_no_more_is_approved_sent_or_counted_than_there_is(ctx: Context) -> None:
    chain = await a_chain(ctx, 10)
    foreign = [LineDraft((await a_variant(ctx)).id, 1)]
    transfer = await requested(chain, 3)
    for lines, kind in ((chain.lines(4), LimitExceeded), (foreign, NotFound)):
        with pytest.raises(Refusals) as refused:
            await transfer_requests.approve(chain.hq, transfer.id, lines, None)
        assert [type(each) for each in refused.value.refusals] == [kind]
    await transfer_requests.approve(chain.hq, transfer.id, chain.lines(1, 1) * 2, None)  # summed
    assert (await line_of(transfer)).approved == 2
    with pytest.raises(Refusals):
        await transfer_shipping.ship(chain.sender, transfer.id, chain.lines(3), a_key())
    counted = [ReceiptDraft(chain.levels[0].variant_id, accepted=1)]
    with pytest.raises(StateConflict) as early:
        await transfer_arrivals.receive(chain.receiver, transfer.id, counted, a_key())
    assert (early.value.state, early.value.allowed) == ("APPROVED", ("SHIP", "CANCEL"))
    await transfer_shipping.ship(chain.sender, transfer.id, None, a_key())
    too_many = [ReceiptDraft(chain.levels[0].variant_id, accepted=2, lost=1)]
    with pytest.raises(Refusals):
        await transfer_arrivals.receive(chain.receiver, transfer.id, too_many, a_key())
    assert await on_the_road() == 2
    await sound(chain)


async def test_expired_holds_can_be_sent(ctx: Context) -> None:
    chain = await a_chain(ctx, 5)
    await transaction(
        allocation_holds.hold, ctx, 1, [of(chain.levels[0], 4, 1)], ctx.now() - timedelta(minutes=1)
    )
    await shipped(chain, 5)
    level = await chain.at_source()
    assert (level.available, level.held) == (0, 0)
    await sound(chain)


async def both(*works: Any) -> list[Any]:
    return await asyncio.gather(*works, return_exceptions=True)


async def test_two_receivers_count_the_same_goods_once(ctx: Context) -> None:
    chain = await a_chain(ctx, 10)
    transfer = await shipped(chain, 6)
    counted = [ReceiptDraft(chain.levels[0].variant_id, accepted=4)]
    outcomes = await both(
        *(
            transfer_arrivals.receive(chain.receiver, transfer.id, counted, a_key())
            for _ in range(4)
        )
    )
    assert sum(isinstance(each, Transfer) for each in outcomes) == 1
    assert all(isinstance(each, Transfer | Refusals) for each in outcomes)
    there = await chain.at_destination()
    assert (there.available, there.incoming, await pieces_in_all()) == (4, 2, 10)
    await sound(chain)


async def test_shipping_races_the_sale_of_the_last_pieces(ctx: Context) -> None:
    chain = await a_chain(ctx, 5)
    transfer = await approved(chain, 4)
    expires = ctx.now() + timedelta(minutes=15)
    sales = [
        transaction(allocation_holds.hold, ctx, order, [of(chain.levels[0], 1, order)], expires)
        for order in range(1, 5)
    ]
    outcomes = await both(
        *sales[:2], transfer_shipping.ship(chain.sender, transfer.id, None, a_key()), *sales[2:]
    )
    level = await chain.at_source()
    held = sum(not isinstance(each, BaseException) for each in (*outcomes[:2], *outcomes[3:]))
    sent = 4 if isinstance(outcomes[2], Transfer) else 0
    assert all(isinstance(each, Refusals) for each in outcomes if isinstance(each, BaseException))
    assert (level.held, level.available, await on_the_road()) == (held, 5 - held - sent, sent)
    assert level.available >= 0
    await sound(chain)


async def test_approving_races_cancelling(ctx: Context) -> None:
    chain = await a_chain(ctx, 5)
    for _ in range(3):
        transfer = await requested(chain, 1)
        outcomes = await both(
            transfer_requests.approve(chain.hq, transfer.id, None, None),
            transfer_arrivals.cancel(chain.receiver, transfer.id, None, None, None),
        )
        history = [e.to_status for e in (await history_of("Transfer", [transfer.id]))[transfer.id]]
        assert history in (
            ["SUBMITTED", "CANCELLED"],
            ["SUBMITTED", "APPROVED", "CANCELLED"],
        )
        refused = [each for each in outcomes if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [StateConflict] * (3 - len(history))
    await sound(chain)
