"""The lines of a checkout, its customer, and how the lines are spread over the requested fulfilments."""

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
from resolvers.orders.cart import lines as cart_lines
from resolvers.orders.cart.lines import changed_by
from resolvers.orders.cart.sellable_variants import Goods, check_on_sale, on_sale
from resolvers.orders.checkout.request import CheckoutRequest

LevelKey = tuple[int, int]
"""The key of a stock level: a variant ID and a location ID."""


@dataclass(frozen=True, slots=True)
class CheckoutLines:
    """Quantities and goods by variant ID, and the customer of the order."""

    quantities: Mapping[int, int]
    goods: Mapping[int, Goods]
    cart: Cart | None
    member_id: int | None
    guest_id: int | None


@dataclass(frozen=True, slots=True)
class FulfilmentDemand:
    """The quantities, by variant ID, that one method is to bring; `number` is its index in the input.

    `promised`: a quote has named this location, which may be a warehouse.
    """

    number: int
    method: FulfilmentMethod
    store_id: int | None
    quantities: Mapping[int, int]
    promised: bool = False


async def gather(ctx: Context, request: CheckoutRequest) -> CheckoutLines:
    """Return the lines of a checked request.

    Raises: NotFound for an unknown cart, StateConflict for one that was ordered, Refusals naming what is not
    on sale.
    """
    if request.cart_id is not None:
        return await _from_cart(ctx, await carts.opened(ctx, request.cart_id, lock=False))
    lines = request.lines or ()
    goods = await check_on_sale(ctx, lines)
    quantities = changed_by(rules.added, {}, lines)
    return CheckoutLines(quantities, goods, None, ctx.member_id, ctx.guest_id)


def spread(lines: CheckoutLines, request: CheckoutRequest) -> list[FulfilmentDemand]:
    """Return demands that cover every line exactly once; equal methods at the same store become one demand.

    Raises: Refusals naming what is not covered, and what is covered without being bought.
    """
    choices = [
        changed_by(rules.added, {}, choice.lines) if choice.lines else None
        for choice in request.fulfilments
    ]
    split = rules.split(lines.quantities, choices)
    faults = [*_faults(lines, split)]
    if faults:
        raise Refusals(faults)
    demands: dict[tuple[FulfilmentMethod, int | None], FulfilmentDemand] = {}
    for number, (choice, share) in enumerate(zip(request.fulfilments, split.shares, strict=True)):
        key = choice.method, choice.store_id
        first = demands.get(key, FulfilmentDemand(number, *key, {}))
        quantities = Counter(first.quantities) + Counter(share)
        demands[key] = FulfilmentDemand(first.number, *key, dict(quantities))
    return list(demands.values())


async def _from_cart(ctx: Context, cart: Cart) -> CheckoutLines:
    quantities = await cart_lines.quantities(cart.id)
    if not quantities:
        raise InvalidInput("The cart is empty.", path=("cartId",))
    goods = await on_sale(ctx, quantities)
    if missing := sorted(quantities.keys() - goods):
        raise Refusals(await _no_longer_on_sale(missing))
    return CheckoutLines(quantities, goods, cart, cart.member_id, cart.guest_id)


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


def _faults(lines: CheckoutLines, split: rules.Split) -> list[Refusal]:
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
        skus = ", ".join(lines.goods[variant_id].sku for variant_id in split.left)
        faults.append(
            InvalidInput("No way of fulfilment covers {skus}.", path=("fulfilments",), skus=skus)
        )
    return faults
