"""The lives of orders, fulfilments, payments and tickets, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from models.errors import StateConflict


class OrderStatus(StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class OrderAction(StrEnum):
    PAY = "PAY"
    CANCEL = "CANCEL"
    COMPLETE = "COMPLETE"


class FulfilmentMethod(StrEnum):
    CARRY_OUT = "CARRY_OUT"
    CASHIER_COLLECT = "CASHIER_COLLECT"
    STORE_PICKUP = "STORE_PICKUP"
    STORE_DELIVERY = "STORE_DELIVERY"
    EXPRESS = "EXPRESS"

    @property
    def in_person(self) -> bool:
        """Handed over to the customer face to face: taking it is their confirmation."""
        return self not in (FulfilmentMethod.STORE_DELIVERY, FulfilmentMethod.EXPRESS)


class FulfilmentStatus(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    READY = "READY"
    SHIPPED = "SHIPPED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    RETURNED = "RETURNED"


class FulfilmentAction(StrEnum):
    """`EXPIRE` is taken by the clock when a pickup was not collected in time, never by a person."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    READY = "READY"
    SHIP = "SHIP"
    COMPLETE = "COMPLETE"
    COLLECT = "COLLECT"
    CANCEL = "CANCEL"
    RETURN = "RETURN"
    EXPIRE = "EXPIRE"


NEEDS_GOODS = frozenset(
    {
        FulfilmentAction.READY,
        FulfilmentAction.SHIP,
        FulfilmentAction.COMPLETE,
        FulfilmentAction.COLLECT,
    }
)
"""What cannot be done while pieces are awaited."""

GIVES_BACK = frozenset({FulfilmentAction.CANCEL, FulfilmentAction.RETURN})
"""What ends a part with its money instead of its goods."""


class PaymentProvider(StrEnum):
    WECHAT_PAY = "WECHAT_PAY"
    ALIPAY = "ALIPAY"
    CARD = "CARD"
    CASH = "CASH"
    WALLET = "WALLET"
    SANDBOX = "SANDBOX"


class PaymentFlow(StrEnum):
    JSAPI = "JSAPI"
    NATIVE = "NATIVE"
    APP = "APP"
    H5 = "H5"
    PAYMENT_CODE = "PAYMENT_CODE"
    COUNTER = "COUNTER"


class PaymentStatus(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class TicketStatus(StrEnum):
    QUEUED = "QUEUED"
    PRINTED = "PRINTED"


_Moves = Mapping[FulfilmentStatus, Mapping[FulfilmentAction, FulfilmentStatus]]
_M, _S, _A = FulfilmentMethod, FulfilmentStatus, FulfilmentAction

_COUNTER: _Moves = {
    _S.OPEN: {_A.ACCEPT: _S.ACCEPTED, _A.COMPLETE: _S.DONE, _A.CANCEL: _S.CANCELLED},
    _S.ACCEPTED: {_A.COMPLETE: _S.DONE, _A.CANCEL: _S.CANCELLED},
}
_PICKUP: _Moves = {
    _S.OPEN: {_A.ACCEPT: _S.ACCEPTED, _A.CANCEL: _S.CANCELLED, _A.EXPIRE: _S.EXPIRED},
    _S.ACCEPTED: {_A.READY: _S.READY, _A.CANCEL: _S.CANCELLED, _A.EXPIRE: _S.EXPIRED},
    _S.READY: {_A.COLLECT: _S.DONE, _A.CANCEL: _S.CANCELLED, _A.EXPIRE: _S.EXPIRED},
}
# A rejected fulfilment ends here: what was routed goes on as a new fulfilment at another place.
_DELIVERY: _Moves = {
    _S.OPEN: {_A.ACCEPT: _S.ACCEPTED, _A.REJECT: _S.CANCELLED, _A.CANCEL: _S.CANCELLED},
    _S.ACCEPTED: {_A.READY: _S.READY, _A.REJECT: _S.CANCELLED, _A.CANCEL: _S.CANCELLED},
    _S.READY: {_A.SHIP: _S.SHIPPED, _A.CANCEL: _S.CANCELLED},
    _S.SHIPPED: {_A.COMPLETE: _S.DONE, _A.RETURN: _S.RETURNED},
}
_EXPRESS: _Moves = {
    **_DELIVERY,
    _S.ACCEPTED: {**_DELIVERY[_S.ACCEPTED], _A.SHIP: _S.SHIPPED},
}
FULFILMENT_MOVES: Mapping[FulfilmentMethod, _Moves] = MappingProxyType(
    {
        _M.CARRY_OUT: _COUNTER,
        _M.CASHIER_COLLECT: _COUNTER,
        _M.STORE_PICKUP: _PICKUP,
        _M.STORE_DELIVERY: _DELIVERY,
        _M.EXPRESS: _EXPRESS,
    }
)

# A provider may report success after a failed attempt or a closed order: the money is here, so it
# counts as SUCCEEDED, and a closed order gives it back.
PAYMENT_MOVES: Mapping[PaymentStatus, frozenset[PaymentStatus]] = MappingProxyType(
    {
        PaymentStatus.PENDING: frozenset(
            {PaymentStatus.SUCCEEDED, PaymentStatus.FAILED, PaymentStatus.CLOSED}
        ),
        PaymentStatus.FAILED: frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.CLOSED}),
        PaymentStatus.CLOSED: frozenset({PaymentStatus.SUCCEEDED}),
        PaymentStatus.SUCCEEDED: frozenset(
            {PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
        ),
        PaymentStatus.PARTIALLY_REFUNDED: frozenset(
            {PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
        ),
        PaymentStatus.REFUNDED: frozenset(),
    }
)


def allowed(status: FulfilmentStatus, method: FulfilmentMethod, action: FulfilmentAction) -> bool:
    return action in FULFILMENT_MOVES[method].get(status, {})


def next_status(
    status: FulfilmentStatus, method: FulfilmentMethod, action: FulfilmentAction
) -> FulfilmentStatus:
    """Where the action leads.

    Raises: StateConflict with what may be done instead.
    """
    if not allowed(status, method, action):
        raise StateConflict(
            "A fulfilment that is {state} does not allow this.",
            state=status,
            allowed=available_actions(status, method),
        )
    return FULFILMENT_MOVES[method][status][action]


def available_actions(
    status: FulfilmentStatus, method: FulfilmentMethod
) -> tuple[FulfilmentAction, ...]:
    """What people may do now, in the order of `FulfilmentAction`."""
    moves = FULFILMENT_MOVES[method].get(status, {})
    return tuple(a for a in FulfilmentAction if a in moves and a is not FulfilmentAction.EXPIRE)


def payment_may_become(status: PaymentStatus, then: PaymentStatus) -> bool:
    return then in PAYMENT_MOVES[status]


GIVEN_UP = (FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED, FulfilmentStatus.RETURNED)
"""Over without the goods having reached the customer."""


@dataclass(frozen=True, slots=True)
class FulfilmentState:
    """`done_at` is when it was handed over or delivered, empty before."""

    method: FulfilmentMethod
    status: FulfilmentStatus
    done_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.status not in GIVEN_UP

    @property
    def done(self) -> bool:
        return self.status is FulfilmentStatus.DONE


def order_status_after(
    fulfilments: Sequence[FulfilmentState], *, paid: bool, confirmed: bool = False
) -> OrderStatus:
    """What an order's fulfilments add up to; a CANCELLED or COMPLETED order keeps its status.

    `confirmed`: the customer said so, or `completes_at` has passed. An order handed over in person
    throughout needs no confirmation: taking the goods is one.
    """
    if not paid:
        return OrderStatus.PENDING_PAYMENT
    live = [fulfilment for fulfilment in fulfilments if fulfilment.live]
    if not live:
        return OrderStatus.CANCELLED
    if all(fulfilment.done for fulfilment in live):
        confirmed = confirmed or all(fulfilment.method.in_person for fulfilment in live)
        return OrderStatus.COMPLETED if confirmed else OrderStatus.FULFILLED
    some_done = any(fulfilment.done for fulfilment in live)
    return OrderStatus.PARTIALLY_FULFILLED if some_done else OrderStatus.PAID


def completes_at(
    fulfilments: Sequence[FulfilmentState], *, store_days: int, express_days: int
) -> datetime | None:
    """When the order completes by itself: by its latest fulfilment; empty before all are done.

    What was handed over in person counts at once, a store's delivery after `store_days`, a
    courier's after `express_days`.
    """
    live = [fulfilment for fulfilment in fulfilments if fulfilment.live]
    ends = [
        fulfilment.done_at + _waiting(fulfilment.method, store_days, express_days)
        for fulfilment in live
        if fulfilment.done and fulfilment.done_at is not None
    ]
    return max(ends) if ends and len(ends) == len(live) else None


def _waiting(method: FulfilmentMethod, store_days: int, express_days: int) -> timedelta:
    if method.in_person:
        return timedelta()
    return timedelta(days=express_days if method is FulfilmentMethod.EXPRESS else store_days)


def order_actions(
    status: OrderStatus, fulfilments: Sequence[FulfilmentState]
) -> tuple[OrderAction, ...]:
    """What the customer may do now; a paid order can be cancelled until something has left."""
    if status is OrderStatus.PENDING_PAYMENT:
        return (OrderAction.PAY, OrderAction.CANCEL)
    if status is OrderStatus.PAID:
        left = (FulfilmentStatus.SHIPPED, FulfilmentStatus.DONE)
        return () if any(f.status in left for f in fulfilments) else (OrderAction.CANCEL,)
    return (OrderAction.COMPLETE,) if status is OrderStatus.FULFILLED else ()
