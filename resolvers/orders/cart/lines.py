"""What is in a cart; the callers have checked whose it is, and hold its lock to change it."""

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
    """The lines of carts that the caller has been shown, in the order they were added."""
    lines: dict[int, list[CartLine]] = {cart_id: [] for cart_id in cart_ids}
    for line in await CartLine.filter(cart_id__in=set(cart_ids)).order_by("id"):
        lines[line.cart_id].append(line)
    return lines


async def quantities(cart_id: int) -> dict[int, int]:
    """Pieces by variant ID."""
    rows = await fetch(
        "SELECT variant_id, quantity FROM cart_line WHERE cart_id = ? ORDER BY id", cart_id
    )
    return {row["variant_id"]: row["quantity"] for row in rows}


async def put(ctx: Context, cart_id: int, changed: Mapping[int, int]) -> None:
    """Write new quantities; a line keeps who added it first, and where. 0 takes it out."""
    gone = [variant_id for variant_id, quantity in changed.items() if not quantity]
    rows = [(variant_id, quantity) for variant_id, quantity in changed.items() if quantity]
    if gone:
        await execute(
            f"DELETE FROM cart_line WHERE cart_id = ? AND variant_id IN ({marks(gone)})",
            cart_id,
            *gone,
        )
    if rows:
        mine = (str(ctx.channel), ctx.staff_id, ctx.now())
        await execute(
            "INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, added_by_id, created_at)"
            f" VALUES {', '.join(['(?, ?, ?, ?, ?, ?)'] * len(rows))}"
            " ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = excluded.quantity",
            *(value for row in rows for value in (cart_id, *row, *mine)),
        )


def changed_by(rule: Rule, kept: Quantities, lines: Sequence[LineDraft]) -> dict[int, int]:
    """The new quantities by `rule`. Raises: its refusals, below `lines`."""
    try:
        return rule(kept, [(line.variant_id, line.quantity) for line in lines])
    except Refusal as refusal:
        raise refusal.below("lines") from None
