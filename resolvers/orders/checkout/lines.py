"""What is bought, by whom, and how it is spread over the ways of fulfilment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.catalog.products import Variant
from models.errors import InvalidInput, NotFound, Refusal, Refusals
from models.orders import rules
from models.orders.carts import Cart
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.cart.lines import changed_by, quantities
from resolvers.orders.cart.sellable_variants import Goods, check_on_sale, on_sale
from resolvers.orders.checkout.request import CheckoutRequest


@dataclass(frozen=True, slots=True)
class CheckoutLines:
    """Pieces by variant ID, what they are, and whose order it becomes."""

    pieces: Mapping[int, int]
    goods: Mapping[int, Goods]
    cart: Cart | None
    member_id: int | None
    guest_id: int | None


@dataclass(frozen=True, slots=True)
class FulfilmentDemand:
    """What one way of fulfilment is to bring; `number` is its place in the input.

    `promised`: a quote has named this place, which may be a warehouse.
    """

    number: int
    method: FulfilmentMethod
    store_id: int | None
    pieces: Mapping[int, int]
    promised: bool = False


async def gather(ctx: Context, draft: CheckoutRequest) -> CheckoutLines:
    """The basket of a checked draft.

    Raises: NotFound for a cart that is not there, StateConflict for one that was ordered, Refusals that name
    what is not on sale.
    """
    if draft.cart_id is not None:
        return await _from_cart(ctx, await carts.opened(ctx, draft.cart_id, lock=False))
    lines = draft.lines or ()
    goods = await check_on_sale(ctx, lines)
    pieces = changed_by(rules.added, {}, lines)
    return CheckoutLines(pieces, goods, None, ctx.member_id, ctx.guest_id)


def spread(basket: CheckoutLines, draft: CheckoutRequest) -> list[FulfilmentDemand]:
    """The demands that cover every piece exactly once; ways that agree in method and store are one.

    Raises: Refusals naming what is not covered, or not there to be covered.
    """
    choices = [
        changed_by(rules.added, {}, choice.lines) if choice.lines else None
        for choice in draft.fulfilments
    ]
    split = rules.split(basket.pieces, choices)
    faults = [*_faults(basket, split)]
    if faults:
        raise Refusals(faults)
    demands: dict[tuple[FulfilmentMethod, int | None], FulfilmentDemand] = {}
    for number, (choice, share) in enumerate(zip(draft.fulfilments, split.shares, strict=True)):
        key = choice.method, choice.store_id
        first = demands.get(key, FulfilmentDemand(number, *key, {}))
        pieces = Counter(first.pieces) + Counter(share)
        demands[key] = FulfilmentDemand(first.number, *key, dict(pieces))
    return list(demands.values())


async def _from_cart(ctx: Context, cart: Cart) -> CheckoutLines:
    pieces = await quantities(cart.id)
    if not pieces:
        raise InvalidInput("The cart is empty.", path=("cartId",))
    goods = await on_sale(ctx, pieces)
    if missing := sorted(pieces.keys() - goods):
        raise Refusals(await _no_longer_on_sale(missing))
    return CheckoutLines(pieces, goods, cart, cart.member_id, cart.guest_id)


async def _no_longer_on_sale(variant_ids: Sequence[int]) -> list[Refusal]:
    rows = await Variant.filter(id__in=variant_ids).order_by("id").values("sku", "product__name")
    return [
        NotFound(
            "{name} ({sku}) is no longer on sale: take it out of the cart.",
            path=("cartId",),
            name=row["product__name"],
            sku=row["sku"],
        )
        for row in rows
    ]


def _faults(basket: CheckoutLines, split: rules.Split) -> list[Refusal]:
    faults: list[Refusal] = [
        InvalidInput(
            "More of it is to be fulfilled than is bought.",
            path=("fulfilments", number, "lines"),
        )
        for number, _ in split.excess
    ]
    for number, share in enumerate(split.shares):
        if not share:
            faults.append(InvalidInput("Nothing is left for this.", path=("fulfilments", number)))
    if split.left:
        skus = ", ".join(basket.goods[variant_id].sku for variant_id in split.left)
        faults.append(
            InvalidInput("No way of fulfilment covers {skus}.", path=("fulfilments",), skus=skus)
        )
    return faults
