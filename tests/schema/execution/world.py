"""Something to ask the real schema about: the demo chain with a member, a paid order and a transfer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from models.orders.states import FulfilmentMethod
from resolvers.context import Actor, ActorKind, Context
from resolvers.demo.chain import plant_demo_chain
from schema import schema
from schema.nodes.nodes import global_id
from tests.make import members, sales, transfers

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)

# What is found with them is there; the rest finds nothing.
CODES = [
    "S01",
    "W01",
    "MILK",
    "CAKE-400",
    "纯牛奶-milk",
    "6901234567892",
    "demo-app",
    "",
    "Wörter 门店",
]
KINDS = ["Product", "Variant", "Store", "Order"]
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "ID": st.sampled_from([*(global_id(kind, 1) for kind in KINDS), "x"]),
    "String": st.sampled_from(CODES),
    "Int": st.integers(-1, 5),
}
graphql_schema = schema._schema


async def populate(ctx: Context) -> None:
    await plant_demo_chain(ctx)
    await members.member(ctx, "李雷")
    guest = await sales.a_guest(ctx)
    level = await sales.a_level_in_a_store(ctx, 5)
    await sales.a_paid_order(ctx, guest, level, FulfilmentMethod.STORE_PICKUP, quantity=2)
    chain = await transfers.a_chain(ctx, 3)
    await transfers.shipped(chain, 2)


def askers(ctx: Context) -> dict[str, Context]:
    """Who may ask: the same things look different to each of them."""
    actors = {
        "system": ctx.actor,
        "nobody": Actor(),
        "guest": Actor(ActorKind.GUEST, 1),
        "member": Actor(ActorKind.MEMBER, 1),
    }
    return {name: replace(ctx, actor=actor) for name, actor in actors.items()}


def at_noon(ctx: Context, **memory: Any) -> Context:
    """A context that remembers nothing else, at a time that stands still."""
    return replace(ctx, memory=memory, clock=lambda: NOON)
