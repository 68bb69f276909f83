from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from models.accounts.roles import Role
from models.errors import (
    Expired,
    IdempotencyKeyReused,
    NotFound,
    PermissionDenied,
    RateLimited,
    StateConflict,
)
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderLine
from models.orders.payments import Payment, Refund, RefundStatus
from models.orders.pickup import pickup_code
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus, PaymentStatus
from models.outbox import OutboxEvent
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.background.jobs import run_due
from resolvers.context import Context
from resolvers.orders import pickups
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.payment.refunds import HANDLERS
from resolvers.stock.serials import SerialDraft
from tests.make.rows import a_row
from tests.make.sales import (
    SERVICES,
    a_guest,
    a_key,
    a_level_in_a_store,
    a_paid_order,
    later,
    parts_of,
    staff_of,
)
from tests.make.serials import phones
from tests.make.stock import a_location, again

CARRY_OUT, PICKUP = FulfilmentMethod.CARRY_OUT, FulfilmentMethod.STORE_PICKUP


@dataclass
class Waiting:
    """A paid pickup, ready at its store, and a clerk there."""

    ctx: Context
    clerk: Context
    level: StockLevel
    order: Order
    part: Fulfilment

    @property
    def code(self) -> str:
        return self.part.pickup_code or ""


@pytest.fixture
async def waiting(ctx: Context) -> Waiting:
    level = await a_level_in_a_store(ctx, 5)
    clerk = await staff_of(ctx, level.location_id, Role.CASHIER)
    order = await a_paid_order(ctx, await a_guest(ctx), level)
    (part,) = await parts_of(order)
    await fulfilment_steps.accept(clerk, part.id)
    part = await fulfilment_steps.ready(clerk, part.id)
    return Waiting(ctx, clerk, level, order, part)


async def test_it_is_handed_over_once(waiting: Waiting) -> None:
    done = await pickups.collect(waiting.clerk, waiting.code, a_key())
    assert done.status is FulfilmentStatus.DONE
    assert done.pickup_used_at is not None
    assert (await Order.get(id=waiting.order.id)).status is OrderStatus.COMPLETED
    with pytest.raises(StateConflict) as refused:
        await pickups.collect(waiting.clerk, waiting.code, a_key())
    place = await Location.get(id=waiting.level.location_id)
    moment = done.pickup_used_at.astimezone(ZoneInfo(place.timezone))
    assert (refused.value.state, refused.value.path) == ("DONE", ("code",))
    said = f"This was collected at {place.name} on {moment:%Y-%m-%d %H:%M}."
    assert str(refused.value) == said
    level = await again(waiting.level)
    assert (level.available, level.committed) == (4, 0)


async def test_the_same_key_answers_the_same(waiting: Waiting) -> None:
    key = a_key()
    first = await pickups.collect(waiting.clerk, waiting.code, key)
    second = await pickups.collect(waiting.clerk, waiting.code, key)
    assert (first.id, first.pickup_used_at) == (second.id, second.pickup_used_at)


async def test_a_key_is_good_for_one_pickup_and_the_serial_numbers_given_with_it(
    ctx: Context,
) -> None:
    store = await a_location(ctx, services=SERVICES)
    level = await phones(ctx, "A", "B", "C", location=store)
    clerk, key = await staff_of(ctx, store.id), a_key()
    codes = []
    for _ in range(2):
        (part,) = await parts_of(await a_paid_order(ctx, await a_guest(ctx), level))
        await fulfilment_steps.accept(clerk, part.id)
        codes.append((await fulfilment_steps.ready(clerk, part.id)).pickup_code or "")

    async def collect(code: str, serial: str) -> int:
        scans = [SerialDraft(level.variant_id, [serial])]
        return (await pickups.collect(clerk, code, key, scans)).id

    first = await collect(codes[0], "A")
    assert await collect(codes[0], "A") == first
    for code, serial in ((codes[0], "B"), (codes[1], "A")):
        with pytest.raises(IdempotencyKeyReused):
            await collect(code, serial)
    now = await again(level)
    assert (now.available, now.committed) == (1, 1)


async def test_collected_by_many_at_once_it_is_handed_over_once(waiting: Waiting) -> None:
    answers = await asyncio.gather(
        *(pickups.collect(waiting.clerk, waiting.code, a_key()) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Fulfilment) for answer in answers) == 1
    assert sum(isinstance(answer, StateConflict) for answer in answers) == 9
    assert (await again(waiting.level)).committed == 0
    assert (await OrderLine.get(order_id=waiting.order.id)).fulfilled == 1


async def test_a_preview_changes_nothing(waiting: Waiting) -> None:
    typed = f" {waiting.code[:4].lower()}-{waiting.code[4:8]} {waiting.code[8:]}"
    seen = await pickups.preview(waiting.clerk, typed)
    assert seen is not None
    assert seen.id == waiting.part.id
    assert (await Fulfilment.get(id=seen.id)).status is FulfilmentStatus.READY
    assert (await again(waiting.level)).committed == 1


async def test_elsewhere_the_code_is_not_there(waiting: Waiting) -> None:
    other = await a_level_in_a_store(waiting.ctx, 1)
    stranger = await staff_of(waiting.ctx, other.location_id)
    assert await pickups.preview(stranger, waiting.code) is None
    with pytest.raises(NotFound):
        await pickups.collect(stranger, waiting.code, a_key())
    assert (await Fulfilment.get(id=waiting.part.id)).status is FulfilmentStatus.READY


@pytest.mark.parametrize(
    "code", ["", "x", "0" * 12, "提货", "A" * 5000, "' OR 1=1 --", "\x00" * 12]
)
async def test_nonsense_is_no_code(waiting: Waiting, code: str) -> None:
    assert await pickups.preview(waiting.clerk, code) is None
    with pytest.raises(NotFound):
        await pickups.collect(waiting.clerk, code, a_key())


async def test_guessing_is_limited_and_mistyping_is_not(waiting: Waiting) -> None:
    for _ in range(pickups.WRONG_CODES + 5):
        assert await pickups.preview(waiting.clerk, "mistyped") is None
    guess = pickup_code(b"\x01" * 7)
    for _ in range(pickups.WRONG_CODES):
        assert await pickups.preview(waiting.clerk, guess) is None
    with pytest.raises(RateLimited):
        await pickups.preview(waiting.clerk, waiting.code)
    with pytest.raises(RateLimited):
        await pickups.collect(waiting.clerk, waiting.code, a_key())
    colleague = await staff_of(waiting.ctx, waiting.level.location_id)
    assert await pickups.preview(colleague, waiting.code) is not None


async def test_parallel_guesses_are_counted_before_they_are_looked_up(waiting: Waiting) -> None:
    async def guess(code: str) -> str:
        try:
            return "FOUND" if await pickups.preview(waiting.clerk, code) else "WRONG"
        except RateLimited as refused:
            return refused.code

    codes = [pickup_code(n.to_bytes(7)) for n in range(1, 100)]
    answers = await asyncio.gather(*map(guess, [*codes, waiting.code]))
    assert answers.count("WRONG") == pickups.WRONG_CODES
    assert answers.count("RATE_LIMITED") == 100 - pickups.WRONG_CODES


async def test_right_codes_use_up_no_attempts(waiting: Waiting) -> None:
    for _ in range(pickups.WRONG_CODES + 5):
        assert await pickups.preview(waiting.clerk, waiting.code) is not None


async def test_the_customer_cannot_collect_by_themself(waiting: Waiting) -> None:
    with pytest.raises(PermissionDenied):
        await pickups.collect(await a_guest(waiting.ctx), waiting.code, a_key())


async def test_it_must_be_ready(ctx: Context) -> None:
    level = await a_level_in_a_store(ctx, 1)
    order = await a_paid_order(ctx, await a_guest(ctx), level)
    (part,) = await parts_of(order)
    clerk = await staff_of(ctx, level.location_id)
    with pytest.raises(StateConflict) as refused:
        await pickups.collect(clerk, part.pickup_code or "", a_key())
    assert refused.value.state == "OPEN"
    assert "ACCEPT" in refused.value.allowed


async def test_the_days_count_from_when_it_is_ready(ctx: Context) -> None:
    level = await a_level_in_a_store(ctx, 1)
    (part,) = await parts_of(await a_paid_order(ctx, await a_guest(ctx), level))
    clerk = later(await staff_of(ctx, level.location_id), days=3)
    await fulfilment_steps.accept(clerk, part.id)
    ready = await fulfilment_steps.ready(clerk, part.id)
    assert ready.pickup_expires_at is not None
    assert (ready.pickup_expires_at - clerk.now()).days == ctx.settings.pickup_days


async def test_what_nobody_collects_goes_back_with_its_money(waiting: Waiting) -> None:
    after = later(waiting.ctx, days=waiting.ctx.settings.pickup_days + 1)
    late_clerk = replace(waiting.clerk, clock=after.clock)
    with pytest.raises(Expired):
        await pickups.collect(late_clerk, waiting.code, a_key())
    assert await pickups.expire_pickups(waiting.ctx) == 0
    assert await pickups.expire_pickups(after) == 1
    assert await pickups.expire_pickups(after) == 0
    part = await Fulfilment.get(id=waiting.part.id)
    assert part.status is FulfilmentStatus.EXPIRED
    level = await again(waiting.level)
    assert (level.available, level.committed) == (5, 0)
    order = await Order.get(id=waiting.order.id)
    assert (order.status, order.refunded_minor) == (OrderStatus.CANCELLED, order.paid_minor)
    assert await run_due(after, HANDLERS) == 1
    assert (await Payment.get(order_id=order.id)).status is PaymentStatus.REFUNDED
    with pytest.raises(StateConflict):
        await pickups.collect(late_clerk, waiting.code, a_key())


async def test_a_pickup_is_good_until_the_moment_at_which_it_expires(waiting: Waiting) -> None:
    moment = waiting.part.pickup_expires_at
    assert moment is not None
    just_before = moment - timedelta(microseconds=1)
    assert await pickups.expire_pickups(replace(waiting.ctx, clock=lambda: just_before)) == 0
    with pytest.raises(Expired):
        await pickups.collect(replace(waiting.clerk, clock=lambda: moment), waiting.code, a_key())
    clerk = replace(waiting.clerk, clock=lambda: just_before)
    assert (await pickups.collect(clerk, waiting.code, a_key())).status is FulfilmentStatus.DONE
    assert await pickups.expire_pickups(replace(waiting.ctx, clock=lambda: moment)) == 0


@pytest.mark.parametrize("is_accepted", [False, True])
async def test_what_the_store_never_made_ready_expires_at_its_moment(
    ctx: Context, is_accepted: bool
) -> None:
    level = await a_level_in_a_store(ctx, 1)
    (part,) = await parts_of(await a_paid_order(ctx, await a_guest(ctx), level))
    if is_accepted:
        await fulfilment_steps.accept(await staff_of(ctx, level.location_id), part.id)
    moment = part.pickup_expires_at
    assert moment is not None
    assert await pickups.expire_pickups(replace(ctx, clock=lambda: moment)) == 1
    assert (await Fulfilment.get(id=part.id)).status is FulfilmentStatus.EXPIRED


async def test_what_is_handed_over_is_announced(waiting: Waiting) -> None:
    topics = ["fulfilment.changed", "order.changed"]
    before = [await OutboxEvent.filter(topic=topic).count() for topic in topics]
    await pickups.collect(waiting.clerk, waiting.code, a_key())
    after = [await OutboxEvent.filter(topic=topic).count() for topic in topics]
    assert [then - now for now, then in zip(before, after, strict=True)] == [1, 1]


@pytest.mark.parametrize(
    ("refunded", "of_other_part", "is_open", "goes_on"),
    [
        (0, None, True, True),  # asked for, and not of what was paid for this
        (1, None, True, False),
        (1, None, False, True),
        (1000, 1000, True, True),  # the other part's money
        (1001, 1000, True, False),
        (1, 0, True, False),
    ],
)
async def test_goods_whose_money_is_going_back_stay(
    ctx: Context, refunded: int, of_other_part: int | None, is_open: bool, goes_on: bool
) -> None:
    level = await a_level_in_a_store(ctx, 5)
    order = await a_paid_order(ctx, await a_guest(ctx), level, CARRY_OUT, PICKUP)
    other, part = await parts_of(order)
    clerk = await staff_of(ctx, level.location_id)
    await fulfilment_steps.accept(clerk, part.id)
    await fulfilment_steps.ready(clerk, part.id)
    await Order.filter(id=order.id).update(refunded_minor=refunded)
    await Fulfilment.filter(id=other.id).update(refunded_minor=of_other_part)
    payment = await Payment.get(order_id=order.id)
    status = RefundStatus.REQUESTED if is_open else RefundStatus.SUCCEEDED
    await a_row(Refund, {}, payment_id=payment.id, amount_minor=max(1, refunded), status=status)
    if goes_on:
        assert await pickups.collect(clerk, part.pickup_code or "", a_key())
        return
    with pytest.raises(StateConflict, match="refund"):
        await pickups.collect(clerk, part.pickup_code or "", a_key())
    assert (await Fulfilment.get(id=part.id)).status is FulfilmentStatus.READY


async def test_of_a_mixed_order_only_the_uncollected_part_is_refunded(ctx: Context) -> None:
    level = await a_level_in_a_store(ctx, 5)
    order = await a_paid_order(ctx, await a_guest(ctx), level, CARRY_OUT, PICKUP)
    carried, _ = await parts_of(order)
    clerk = await staff_of(ctx, level.location_id)
    await fulfilment_steps.complete(clerk, carried.id)
    after = later(ctx, days=ctx.settings.pickup_days + 1)
    assert await pickups.expire_pickups(after) == 1
    order = await Order.get(id=order.id)
    assert order.refunded_minor * 2 == order.paid_minor
    assert order.status is OrderStatus.COMPLETED
    (refund,) = await Refund.all()
    assert refund.amount_minor == order.refunded_minor
    line = await OrderLine.get(order_id=order.id)
    assert (line.fulfilled, line.returned, line.quantity) == (1, 1, 2)


async def test_collecting_and_expiring_at_once_do_one_of_both(waiting: Waiting) -> None:
    moment = waiting.part.pickup_expires_at
    assert moment is not None
    late = replace(waiting.ctx, clock=lambda: moment)
    collected, expired = await asyncio.gather(
        pickups.collect(waiting.clerk, waiting.code, a_key()),
        pickups.expire_pickups(late),
        return_exceptions=True,
    )
    level = await again(waiting.level)
    refunds = await Refund.all().count()
    if isinstance(collected, Fulfilment):
        assert (expired, level.available, refunds) == (0, 4, 0)
    else:
        assert (expired, level.available, refunds) == (1, 5, 1)
    assert level.committed == 0
