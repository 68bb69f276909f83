"""Lines of carts. Callers have checked the access to the cart, and hold its lock to change lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from models.database import execute, fetch, marks
from models.errors import Refusal
from models.orders.carts import CartLine
from models.orders.rules import Lines, Quantities
from resolvers.context import Context
from resolvers.orders.cart.sellable_variants import LineDraft

Rule = Callable[[Quantities, Lines], dict[int, int]]


async def lines_of(ctx: Context, cart_ids: Sequence[int]) -> dict[int, list[CartLine]]:
    """Return the lines of carts that the caller may see, in the order they were added."""
    lines: dict[int, list[CartLine]] = {cart_id: [] for cart_id in cart_ids}
    for line in await CartLine.filter(cart_id__in=set(cart_ids)).order_by("id"):
        lines[line.cart_id].append(line)
    return lines


async def quantities(cart_id: int) -> dict[int, int]:
    """Return the quantities of a cart by variant ID."""
    rows = await fetch(
        "SELECT variant_id, quantity FROM cart_line WHERE cart_id = ? ORDER BY id", cart_id
    )
    return {row["variant_id"]: row["quantity"] for row in rows}


async def put(ctx: Context, cart_id: int, changed: Mapping[int, int]) -> None:
    """Write new quantities; 0 removes a line. An existing line keeps the person and channel that added it."""
    removed = [variant_id for variant_id, quantity in changed.items() if not quantity]
    rows = [(variant_id, quantity) for variant_id, quantity in changed.items() if quantity]
    if removed:
        await execute(
            f"DELETE FROM cart_line WHERE cart_id = ? AND variant_id IN ({marks(removed)})",
            cart_id,
            *removed,
        )
    if rows:
        origin = (str(ctx.channel), ctx.staff_id, ctx.now())
        await execute(
            "INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, added_by_id, created_at)"
            f" VALUES {', '.join(['(?, ?, ?, ?, ?, ?)'] * len(rows))}"
            " ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = excluded.quantity",
            *(value for row in rows for value in (cart_id, *row, *origin)),
        )


def changed_by(rule: Rule, kept: Quantities, lines: Sequence[LineDraft]) -> dict[int, int]:
    """Return the new quantities by `rule`. Raises: its refusals, below `lines`."""
    try:
        return rule(kept, [(line.variant_id, line.quantity) for line in lines])
    except Refusal as refusal:
        raise refusal.below("lines") from None
