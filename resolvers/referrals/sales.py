"""What this room reads of the orders above it: by plain SQL over their tables, here and nowhere else.

Sales are what paid orders brought, delivery with it, less what was refunded. `below` is the common table
of `resolvers.referrals.teams`: everybody below some roots, with the level they stand at.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, marks
from resolvers.context import Context

BY_LEVEL = """
SELECT below.root, below.level, COUNT(DISTINCT below.member_id) AS members,
       COUNT(CASE WHEN sales_order.status <> 'CANCELLED' THEN 1 END) AS orders,
       COALESCE(SUM(sales_order.paid_minor - sales_order.refunded_minor), 0) AS sales
FROM below LEFT JOIN sales_order
  ON sales_order.member_id = below.member_id AND sales_order.paid_at IS NOT NULL
GROUP BY below.root, below.level ORDER BY below.root, below.level
"""


async def of_members(member_ids: Sequence[int]) -> dict[int, int]:
    """Each member's sales in minor units; those without a paid order are left out."""
    rows = await fetch(
        "SELECT member_id, SUM(paid_minor - refunded_minor) AS sales FROM sales_order"
        f" WHERE member_id IN ({marks(member_ids)}) AND paid_at IS NOT NULL GROUP BY member_id",
        *member_ids,
    )
    return {row["member_id"]: int(row["sales"]) for row in rows}


async def may_share_cart(ctx: Context, cart_id: int) -> bool:
    """Whether it is the member's own cart, or one that the guide started."""
    rows = await fetch(
        "SELECT 1 FROM cart WHERE id = ? AND merchant_id = ? AND (member_id = ? OR guide_id = ?)",
        cart_id,
        ctx.merchant_id,
        ctx.member_id or 0,
        ctx.staff_id or 0,
    )
    return bool(rows)


async def may_share_order(ctx: Context, order_id: int) -> bool:
    """Whether it is the member's own order, or one that counts for the guide."""
    rows = await fetch(
        "SELECT 1 FROM sales_order WHERE id = ? AND merchant_id = ?"
        " AND (member_id = ? OR attribution_guide_id = ?)",
        order_id,
        ctx.merchant_id,
        ctx.member_id or 0,
        ctx.staff_id or 0,
    )
    return bool(rows)
