"""What a customer asks for at the checkout, checked before anything is looked up."""

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
    """One way in which (a part of) the goods reach the customer; without lines, all that is left."""

    method: FulfilmentMethod
    store_id: int | None = None
    lines: Sequence[LineDraft] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """Goods of a cart or by lines, how they are handed over, and where the customer is."""

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
    """Where goods are brought: the checked address, and the point that distances count from.

    Goods go to the address, so its position comes before the customer's.
    """

    address: dict[str, Any] | None
    position: Point | None


def check(draft: CheckoutRequest) -> Delivery:
    """Raises: Refusals naming every field at fault."""
    refusals = [*_unsupported(draft)]
    delivery = Delivery(None, None)
    for step in (_check_goods, _check_choices, _check_remark):
        try:
            step(draft)
        except Refusal as refusal:
            refusals.append(refusal)
    try:
        delivery = _delivery(draft)
        refusals += _undeliverable(draft, delivery)
    except Refusal as refusal:
        refusals.append(refusal)
    if refusals:
        raise Refusals(refusals)
    return delivery


def _unsupported(draft: CheckoutRequest) -> Iterator[Refusal]:
    """Tenders that cannot be taken are refused, never silently left out."""
    given = {
        "pointsToSpend": draft.points_to_spend,
        "walletAmount": draft.wallet_amount,
        "couponCodes": draft.coupon_codes,
    }
    for field, value in given.items():
        if value:
            yield InvalidInput("This cannot be used at the checkout yet.", path=(field,))


def _check_goods(draft: CheckoutRequest) -> None:
    if (draft.cart_id is None) == (draft.lines is None):
        raise InvalidInput("Give a cart or lines, not both.", path=("cartId",))
    if draft.lines is not None:
        check_lines(draft.lines)


def _check_choices(draft: CheckoutRequest) -> None:
    if not 1 <= len(draft.fulfilments) <= QUOTE_FULFILMENTS:
        raise InvalidInput(
            "Give 1 to {maximum} ways of fulfilment.",
            path=("fulfilments",),
            maximum=QUOTE_FULFILMENTS,
        )
    for number, choice in enumerate(draft.fulfilments):
        try:
            check_lines(choice.lines or (), none_allowed=True)
        except Refusal as refusal:
            raise refusal.below("fulfilments", number) from None
        if choice.method.in_person and choice.store_id is None:
            raise InvalidInput("Name the store for this.", path=("fulfilments", number, "storeId"))


def _check_remark(draft: CheckoutRequest) -> None:
    if draft.remark is not None:
        text_of(draft.remark, "remark", 500, minimum=0)


def _delivery(draft: CheckoutRequest) -> Delivery:
    address = draft.address
    there = address.position if address else None
    position = point_of(draft.position, "position") if draft.position else None
    if there is not None:
        position = point_of(there, "address", "position")
    return Delivery(address_of(address, "address") if address else None, position)


def _undeliverable(draft: CheckoutRequest, delivery: Delivery) -> Iterator[Refusal]:
    methods = {choice.method for choice in draft.fulfilments}
    if delivery.address is None and any(not method.in_person for method in methods):
        yield InvalidInput("Give the address to deliver to.", path=("address",))
    if delivery.position is None and FulfilmentMethod.STORE_DELIVERY in methods:
        yield InvalidInput("Give the position to deliver to.", path=("position",))
