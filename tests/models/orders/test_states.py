from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import StateConflict
from models.orders.states import (
    GIVES_BACK,
    NEEDS_GOODS,
    FulfilmentAction,
    FulfilmentMethod,
    FulfilmentState,
    FulfilmentStatus,
    OrderAction,
    OrderStatus,
    PaymentStatus,
    allowed,
    available_actions,
    completes_at,
    next_status,
    order_actions,
    order_status_after,
    payment_may_become,
)

M, S, A = FulfilmentMethod, FulfilmentStatus, FulfilmentAction
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FINAL = (S.DONE, S.CANCELLED, S.EXPIRED, S.RETURNED)

COUNTER = [
    (S.OPEN, A.ACCEPT, S.ACCEPTED),
    (S.OPEN, A.COMPLETE, S.DONE),
    (S.OPEN, A.CANCEL, S.CANCELLED),
    (S.ACCEPTED, A.COMPLETE, S.DONE),
    (S.ACCEPTED, A.CANCEL, S.CANCELLED),
]
PICKUP = [
    (S.OPEN, A.ACCEPT, S.ACCEPTED),
    (S.OPEN, A.CANCEL, S.CANCELLED),
    (S.OPEN, A.EXPIRE, S.EXPIRED),
    (S.ACCEPTED, A.READY, S.READY),
    (S.ACCEPTED, A.CANCEL, S.CANCELLED),
    (S.ACCEPTED, A.EXPIRE, S.EXPIRED),
    (S.READY, A.COLLECT, S.DONE),
    (S.READY, A.CANCEL, S.CANCELLED),
    (S.READY, A.EXPIRE, S.EXPIRED),
]
DELIVERY = [
    (S.OPEN, A.ACCEPT, S.ACCEPTED),
    (S.OPEN, A.REJECT, S.CANCELLED),
    (S.OPEN, A.CANCEL, S.CANCELLED),
    (S.ACCEPTED, A.READY, S.READY),
    (S.ACCEPTED, A.REJECT, S.CANCELLED),
    (S.ACCEPTED, A.CANCEL, S.CANCELLED),
    (S.READY, A.SHIP, S.SHIPPED),
    (S.READY, A.CANCEL, S.CANCELLED),
    (S.SHIPPED, A.COMPLETE, S.DONE),
    (S.SHIPPED, A.RETURN, S.RETURNED),
]
LIVES = {
    M.CARRY_OUT: COUNTER,
    M.CASHIER_COLLECT: COUNTER,
    M.STORE_PICKUP: PICKUP,
    M.STORE_DELIVERY: DELIVERY,
    M.EXPRESS: [*DELIVERY, (S.ACCEPTED, A.SHIP, S.SHIPPED)],
}


@pytest.mark.parametrize("method", list(M))
def test_a_fulfilment_makes_these_moves_and_no_others(method: FulfilmentMethod) -> None:
    moves = {(status, action): then for status, action, then in LIVES[method]}
    for status, action in product(S, A):
        assert allowed(status, method, action) == ((status, action) in moves)
        if (status, action) in moves:
            assert next_status(status, method, action) is moves[status, action]
        else:
            with pytest.raises(StateConflict) as refused:
                next_status(status, method, action)
            assert refused.value.state == status
            assert refused.value.allowed == available_actions(status, method)


@pytest.mark.parametrize(("method", "status"), list(product(M, FINAL)))
def test_nothing_leads_out_of_an_end(method: FulfilmentMethod, status: FulfilmentStatus) -> None:
    assert available_actions(status, method) == ()


@pytest.mark.parametrize(
    ("status", "method", "actions"),
    [
        (S.OPEN, M.CARRY_OUT, (A.ACCEPT, A.COMPLETE, A.CANCEL)),
        (S.READY, M.STORE_PICKUP, (A.COLLECT, A.CANCEL)),
        (S.ACCEPTED, M.EXPRESS, (A.REJECT, A.READY, A.SHIP, A.CANCEL)),
        (S.SHIPPED, M.STORE_DELIVERY, (A.COMPLETE, A.RETURN)),
    ],
)
def test_people_are_offered_what_they_may_do_and_never_to_expire(
    status: FulfilmentStatus, method: FulfilmentMethod, actions: tuple[FulfilmentAction, ...]
) -> None:
    assert available_actions(status, method) == actions


def test_only_what_brings_goods_to_the_customer_waits_for_them() -> None:
    assert {A.READY, A.SHIP, A.COMPLETE, A.COLLECT} == NEEDS_GOODS
    assert {A.CANCEL, A.RETURN} == GIVES_BACK


def fulfilment(
    method: FulfilmentMethod, status: FulfilmentStatus, hours: int = 0
) -> FulfilmentState:
    done_at = NOON + timedelta(hours=hours) if status is S.DONE else None
    return FulfilmentState(method, status, done_at)


@pytest.mark.parametrize(
    ("fulfilments", "expected"),
    [
        ([(M.CARRY_OUT, S.OPEN), (M.EXPRESS, S.OPEN)], OrderStatus.PAID),
        ([(M.CARRY_OUT, S.ACCEPTED), (M.EXPRESS, S.SHIPPED)], OrderStatus.PAID),
        ([(M.CARRY_OUT, S.DONE), (M.EXPRESS, S.SHIPPED)], OrderStatus.PARTIALLY_FULFILLED),
        ([(M.CARRY_OUT, S.DONE), (M.EXPRESS, S.DONE)], OrderStatus.FULFILLED),
        ([(M.STORE_DELIVERY, S.DONE)], OrderStatus.FULFILLED),
        ([(M.STORE_PICKUP, S.DONE)], OrderStatus.COMPLETED),
        ([(M.CARRY_OUT, S.DONE), (M.CASHIER_COLLECT, S.DONE)], OrderStatus.COMPLETED),
        ([(M.CARRY_OUT, S.DONE), (M.STORE_PICKUP, S.READY)], OrderStatus.PARTIALLY_FULFILLED),
        ([(M.CARRY_OUT, S.DONE), (M.STORE_PICKUP, S.EXPIRED)], OrderStatus.COMPLETED),
        ([(M.EXPRESS, S.CANCELLED), (M.EXPRESS, S.OPEN)], OrderStatus.PAID),
        ([(M.STORE_PICKUP, S.EXPIRED), (M.EXPRESS, S.CANCELLED)], OrderStatus.CANCELLED),
        ([(M.CARRY_OUT, S.DONE), (M.EXPRESS, S.RETURNED)], OrderStatus.COMPLETED),
        ([(M.EXPRESS, S.RETURNED)], OrderStatus.CANCELLED),
    ],
)
def test_an_order_stands_where_its_fulfilments_are(
    fulfilments: list[tuple[FulfilmentMethod, FulfilmentStatus]], expected: OrderStatus
) -> None:
    states = [fulfilment(*each) for each in fulfilments]
    assert order_status_after(states, paid=True) is expected
    assert order_status_after(states, paid=False) is OrderStatus.PENDING_PAYMENT


def test_a_confirmed_delivery_completes_the_order_and_a_confirmed_shipment_does_not() -> None:
    delivered, shipped = fulfilment(M.EXPRESS, S.DONE), fulfilment(M.EXPRESS, S.SHIPPED)
    assert order_status_after([delivered], paid=True, confirmed=True) is OrderStatus.COMPLETED
    assert order_status_after([shipped], paid=True, confirmed=True) is OrderStatus.PAID


@pytest.mark.parametrize(
    ("fulfilments", "after"),
    [
        ([(M.STORE_PICKUP, S.DONE, 3)], timedelta(hours=3)),
        ([(M.CARRY_OUT, S.DONE, 1), (M.STORE_PICKUP, S.DONE, 3)], timedelta(hours=3)),
        ([(M.STORE_DELIVERY, S.DONE, 2)], timedelta(days=7, hours=2)),
        ([(M.EXPRESS, S.DONE, 2), (M.STORE_DELIVERY, S.DONE, 5)], timedelta(days=15, hours=2)),
        ([(M.CARRY_OUT, S.DONE, 900), (M.EXPRESS, S.DONE, 0)], timedelta(hours=900)),
        ([(M.EXPRESS, S.DONE, 0), (M.EXPRESS, S.CANCELLED, 0)], timedelta(days=15)),
        ([(M.CARRY_OUT, S.DONE, 0), (M.EXPRESS, S.SHIPPED, 0)], None),
        ([(M.EXPRESS, S.CANCELLED, 0)], None),
        ([], None),
    ],
)
def test_an_order_completes_by_itself_at(
    fulfilments: list[tuple[FulfilmentMethod, FulfilmentStatus, int]], after: timedelta | None
) -> None:
    ends_at = completes_at(
        [fulfilment(*each) for each in fulfilments], store_days=7, express_days=15
    )
    assert ends_at == (NOON + after if after is not None else None)


@pytest.mark.parametrize("state", [(S.SHIPPED, NOON), (S.DONE, None)])
def test_an_order_completes_only_by_what_is_done_at_a_known_moment(
    state: tuple[FulfilmentStatus, datetime | None],
) -> None:
    fulfilments = [fulfilment(M.EXPRESS, S.DONE), FulfilmentState(M.EXPRESS, *state)]
    assert completes_at(fulfilments, store_days=7, express_days=15) is None


states = st.lists(st.builds(fulfilment, st.sampled_from(M), st.sampled_from(S)), max_size=5)


@given(states)
def test_only_an_order_with_everything_handed_over_ever_completes(
    fulfilments: list[FulfilmentState],
) -> None:
    live = [each for each in fulfilments if each.live]
    all_done = bool(live) and all(each.status is S.DONE for each in live)
    status = order_status_after(fulfilments, paid=True, confirmed=True)
    assert (status is OrderStatus.COMPLETED) == all_done
    assert (completes_at(fulfilments, store_days=7, express_days=15) is not None) == all_done


@pytest.mark.parametrize(
    ("status", "fulfilments", "actions"),
    [
        (OrderStatus.PENDING_PAYMENT, [], (OrderAction.PAY, OrderAction.CANCEL)),
        (OrderStatus.PAID, [(M.EXPRESS, S.READY)], (OrderAction.CANCEL,)),
        (OrderStatus.PAID, [(M.EXPRESS, S.READY), (M.EXPRESS, S.SHIPPED)], ()),
        (OrderStatus.PAID, [(M.EXPRESS, S.READY), (M.CARRY_OUT, S.DONE)], ()),
        (OrderStatus.PARTIALLY_FULFILLED, [(M.CARRY_OUT, S.DONE), (M.EXPRESS, S.OPEN)], ()),
        (OrderStatus.FULFILLED, [(M.EXPRESS, S.DONE)], (OrderAction.COMPLETE,)),
        (OrderStatus.COMPLETED, [(M.EXPRESS, S.DONE)], ()),
        (OrderStatus.CANCELLED, [(M.EXPRESS, S.CANCELLED)], ()),
    ],
)
def test_a_customer_is_offered(
    status: OrderStatus,
    fulfilments: list[tuple[FulfilmentMethod, FulfilmentStatus]],
    actions: tuple[OrderAction, ...],
) -> None:
    assert order_actions(status, [fulfilment(*each) for each in fulfilments]) == actions


P = PaymentStatus
PAYMENT_LIFE = {
    (P.PENDING, P.SUCCEEDED),
    (P.PENDING, P.FAILED),
    (P.PENDING, P.CLOSED),
    (P.FAILED, P.SUCCEEDED),
    (P.FAILED, P.CLOSED),
    (P.CLOSED, P.SUCCEEDED),
    (P.SUCCEEDED, P.PARTIALLY_REFUNDED),
    (P.SUCCEEDED, P.REFUNDED),
    (P.PARTIALLY_REFUNDED, P.PARTIALLY_REFUNDED),
    (P.PARTIALLY_REFUNDED, P.REFUNDED),
}


@pytest.mark.parametrize(("status", "then"), list(product(P, P)))
def test_a_payment_makes_these_moves_and_no_others(
    status: PaymentStatus, then: PaymentStatus
) -> None:
    assert payment_may_become(status, then) == ((status, then) in PAYMENT_LIFE)
