"""The request of a checkout, checked before anything is read from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.bounds import QUOTE_FULFILMENTS
from models.errors import InvalidInput, Refusal, Refusals
from models.orders.states import FulfilmentMethod
from models.stores.coordinates import Point
from resolvers.orders.cart.sellable_variants import LineDraft, check_lines
from resolvers.stores.addresses import AddressDraft, PointDraft, address_of, point_of
from resolvers.validation import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedFulfilment:
    """One method by which these lines reach the customer; without lines, all that other requests leave."""

    method: FulfilmentMethod
    store_id: int | None = None
    lines: Sequence[LineDraft] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """The goods, from a cart or by lines, their fulfilments, and the address and position of the customer."""

    fulfilments: Sequence[RequestedFulfilment]
    cart_id: int | None = None
    lines: Sequence[LineDraft] | None = None
    address: AddressDraft | None = None
    position: PointDraft | None = None
    points_to_spend: int | None = None
    wallet_amount: Decimal | None = None
    coupon_codes: Sequence[str] | None = None
    referral_token: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The checked address of the delivery, and the point that distances are measured from.

    The position of the address takes precedence over that of the customer.
    """

    address: dict[str, Any] | None
    position: Point | None


def check(request: CheckoutRequest) -> Delivery:
    """Return where a checked request is delivered. Raises: Refusals naming every field at fault."""
    refusals = [*_unsupported(request)]
    delivery = Delivery(None, None)
    for step in (_check_goods, _check_fulfilments, _check_remark):
        try:
            step(request)
        except Refusal as refusal:
            refusals.append(refusal)
    try:
        delivery = _delivery(request)
        refusals += _undeliverable(request, delivery)
    except Refusal as refusal:
        refusals.append(refusal)
    if refusals:
        raise Refusals(refusals)
    return delivery


def _unsupported(request: CheckoutRequest) -> Iterator[Refusal]:
    """Yield a refusal for each tender and coupon that is not supported; none is ignored silently."""
    given = {
        "pointsToSpend": request.points_to_spend,
        "walletAmount": request.wallet_amount,
        "couponCodes": request.coupon_codes,
    }
    for field, value in given.items():
        if value:
            yield InvalidInput("This cannot be used at the checkout yet.", path=(field,))


def _check_goods(request: CheckoutRequest) -> None:
    if (request.cart_id is None) == (request.lines is None):
        raise InvalidInput("Give a cart or lines, not both.", path=("cartId",))
    if request.lines is not None:
        check_lines(request.lines)


def _check_fulfilments(request: CheckoutRequest) -> None:
    if not 1 <= len(request.fulfilments) <= QUOTE_FULFILMENTS:
        raise InvalidInput(
            "Give 1 to {maximum} ways of fulfilment.",
            path=("fulfilments",),
            maximum=QUOTE_FULFILMENTS,
        )
    for number, fulfilment in enumerate(request.fulfilments):
        try:
            check_lines(fulfilment.lines or (), none_allowed=True)
        except Refusal as refusal:
            raise refusal.below("fulfilments", number) from None
        if fulfilment.method.in_person and fulfilment.store_id is None:
            raise InvalidInput("Name the store for this.", path=("fulfilments", number, "storeId"))


def _check_remark(request: CheckoutRequest) -> None:
    if request.remark is not None:
        text_of(request.remark, "remark", 500, minimum=0)


def _delivery(request: CheckoutRequest) -> Delivery:
    address = request.address
    delivered_to = address.position if address else None
    position = point_of(request.position, "position") if request.position else None
    if delivered_to is not None:
        position = point_of(delivered_to, "address", "position")
    return Delivery(address_of(address, "address") if address else None, position)


def _undeliverable(request: CheckoutRequest, delivery: Delivery) -> Iterator[Refusal]:
    methods = {each.method for each in request.fulfilments}
    if delivery.address is None and any(not method.in_person for method in methods):
        yield InvalidInput("Give the address to deliver to.", path=("address",))
    if delivery.position is None and FulfilmentMethod.STORE_DELIVERY in methods:
        yield InvalidInput("Give the position to deliver to.", path=("position",))
