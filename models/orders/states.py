"""State machines of orders, fulfilments, payments and tickets."""

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
        """Whether the goods are handed over face to face, which confirms their receipt."""
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
    """The actions on a fulfilment; a worker takes `EXPIRE` when a pickup is not collected in time."""

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
"""Actions that are impossible while goods are awaited."""

GIVES_BACK = frozenset({FulfilmentAction.CANCEL, FulfilmentAction.RETURN})
"""Actions that end a fulfilment with a refund."""


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
# A rejected fulfilment ends; its goods are routed to a new fulfilment at another location.
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

# A provider may report success after a failed attempt or a closed order. The money has been received, so
# the payment is SUCCEEDED, and a closed order refunds it.
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
    """Return the status after the action.

    Raises: StateConflict with the allowed actions.
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
    """Return the actions that people may take now, in the order of `FulfilmentAction`."""
    moves = FULFILMENT_MOVES[method].get(status, {})
    return tuple(a for a in FulfilmentAction if a in moves and a is not FulfilmentAction.EXPIRE)


def payment_may_become(status: PaymentStatus, then: PaymentStatus) -> bool:
    return then in PAYMENT_MOVES[status]


GIVEN_UP = (FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED, FulfilmentStatus.RETURNED)
"""Final statuses in which the goods did not reach the customer."""


@dataclass(frozen=True, slots=True)
class FulfilmentState:
    """The inputs of the order's status; `done_at` is when the goods were handed over, empty before."""

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
    """Return an order's status from its fulfilments; a CANCELLED or COMPLETED order keeps its status.

    `confirmed`: the customer confirmed receipt, or `completes_at` has passed. An order handed over entirely
    in person needs no confirmation.
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
    """Return when the order completes automatically, by its latest fulfilment; None until all are done.

    Goods handed over in person count at once, a store's delivery after `store_days`, a courier's after
    `express_days`.
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
    """Return the customer's actions; a paid order can be cancelled until something has left."""
    if status is OrderStatus.PENDING_PAYMENT:
        return (OrderAction.PAY, OrderAction.CANCEL)
    if status is OrderStatus.PAID:
        left = (FulfilmentStatus.SHIPPED, FulfilmentStatus.DONE)
        return () if any(f.status in left for f in fulfilments) else (OrderAction.CANCEL,)
    return (OrderAction.COMPLETE,) if status is OrderStatus.FULFILLED else ()
