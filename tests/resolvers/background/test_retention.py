"""What is old and of no use is deleted, in batches; what is young or in use stays."""

from __future__ import annotations

import pytest

from models.accounts.sessions import Guest, OneTimeCode, Session, SubjectKind
from models.database import execute
from models.idempotency import IdempotencyRecord
from models.members.cards import MemberCode
from models.orders.carts import Cart, CartLine
from models.orders.fulfilments import PrintTicket
from models.orders.orders import Order, recipient_ending
from resolvers.accounts import sessions
from resolvers.accounts.sign_in import guests, one_time_codes
from resolvers.background import retention
from resolvers.background.worker import TASKS
from resolvers.context import Context
from resolvers.members import codes
from resolvers.orders.cart import carts
from resolvers.orders.cart.sellable_variants import LineDraft
from tests.make import members as make
from tests.make import sales


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)


def days_later(ctx: Context, days: float) -> Context:
    return sales.later(ctx, days=days)


async def test_codes_that_expired(ctx: Context) -> None:
    for number in range(3):
        await one_time_codes.request(ctx, f"1380000000{number}")
    member = await make.member(ctx)
    await codes.create(make.as_member(ctx, member))
    assert await retention.forget_codes(days_later(ctx, 0.9)) == 0
    await one_time_codes.request(days_later(ctx, 1), "13800000009")
    later = days_later(ctx, 1.1)
    # Each code, and each leave to try it for who asked.
    assert [await retention.forget_codes(later) for _ in range(4)] == [3, 2, 2, 0]
    assert await OneTimeCode.all().count() == 2
    assert await MemberCode.all().count() == 0


async def test_sessions_that_ended_but_none_that_can_be_refreshed(ctx: Context) -> None:
    tokens = [(await guests.sign_in(ctx))[0] for _ in range(3)]
    revoked = await Session.all().order_by("id").first()
    assert revoked is not None
    await Session.filter(id=revoked.id).update(revoked_at=ctx.now())
    assert await retention.forget_sessions(days_later(ctx, 6)) == 0
    assert await retention.forget_sessions(days_later(ctx, 8)) == 1
    fresh, _ = await sessions.refresh(days_later(ctx, 29), tokens[2].refresh_token)
    later = days_later(ctx, 38)
    assert [await retention.forget_sessions(later) for _ in range(2)] == [1, 0]
    assert (await sessions.refresh(later, fresh.refresh_token))[1].kind is SubjectKind.GUEST


async def test_guests_and_carts_that_nobody_comes_back_for(ctx: Context) -> None:
    level = await sales.a_level_in_a_store(ctx, 5)
    buyer = await sales.a_guest(ctx)
    order = await sales.an_order(buyer, level)
    assert order.guest_id == buyer.guest_id
    idle = await sales.a_guest(ctx)
    line = LineDraft(level.variant_id, 1)
    left = await carts.create(idle, [line])
    member = await make.member(ctx)
    kept = await carts.create(make.as_member(ctx, member), [line])
    await Cart.filter(id=kept.id).update(merged_into_id=left.id)  # leads nowhere once that is gone
    later = days_later(ctx, 91)
    assert await retention.forget_carts(days_later(ctx, 89)) == 0
    assert await retention.forget_guests(later) == 0  # one has an order, the other a cart
    assert await retention.forget_carts(later) == 1
    assert await Cart.filter(id=kept.id).exists()
    assert await CartLine.filter(cart_id=left.id).count() == 0
    assert await carts.get(make.as_member(ctx, member), kept.id, None) is None
    signed_in = (await guests.sign_in(ctx))[1]
    assert await retention.forget_guests(later) == 1
    assert await Guest.filter(id=signed_in.id).exists()
    assert not await Guest.filter(id=idle.guest_id).exists()
    assert await Guest.filter(id=order.guest_id).exists()


async def test_idempotency_keys(ctx: Context) -> None:
    for number in range(3):
        await IdempotencyRecord.create(scope="S", key=str(number), fingerprint="f", answer=1)
    assert await retention.forget_idempotency_keys(days_later(ctx, 29)) == 0
    later = days_later(ctx, 31)
    assert [await retention.forget_idempotency_keys(later) for _ in range(3)] == [2, 1, 0]


async def test_tickets_and_addresses_of_orders_that_ended(ctx: Context) -> None:
    level = await sales.a_level_in_a_store(ctx, 5)
    order = await sales.a_paid_order(ctx, await sales.a_guest(ctx), level)
    await Order.filter(id=order.id).update(
        encrypted_address=Order.address.encrypt({"street": "1"}),
        recipient_ending=recipient_ending({"phone": "13800001111"}),
        encrypted_remark=Order.remark.encrypt("ring twice"),
    )
    assert await PrintTicket.all().count() == 1
    later = days_later(ctx, 2_000)
    assert await retention.forget_tickets(later) == 0  # the store has yet to do it
    assert await retention.forget_addresses(later) == 0
    await execute("UPDATE fulfilment SET status = 'DONE'")
    await Order.filter(id=order.id).update(status="COMPLETED", updated_at=ctx.now())
    assert await retention.forget_tickets(days_later(ctx, 89)) == 0
    assert await retention.forget_tickets(later) == 1
    assert await retention.forget_addresses(days_later(ctx, 1_094)) == 0
    assert await retention.forget_addresses(later) == 1
    kept = await Order.get(id=order.id)
    assert (kept.address, kept.remark, kept.number) == (None, None, order.number)
    assert kept.recipient_ending is None


def test_the_worker_does_all_of_it() -> None:
    done = {task.work for task in TASKS}
    wanted = {value for name, value in vars(retention).items() if name.startswith("forget_")}
    assert len(wanted) == 8
    assert wanted <= done
