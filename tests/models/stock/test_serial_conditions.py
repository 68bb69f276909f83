"""Damaged pieces had serial numbers like any other: the migration tells which, as many as there are."""

from __future__ import annotations

from models.migrating import migrate
from models.stock.serials import SerialNumber
from resolvers.context import Context
from tests.make.phones import phones
from tests.make.soundness import stock_contradictions


async def states() -> dict[str, str]:
    return {row.serial: str(row.state) for row in await SerialNumber.all().order_by("id")}


async def test_as_many_are_damaged_afterwards_as_the_level_says(ctx: Context) -> None:
    chain = await phones(ctx)
    before = await states()
    assert before == dict.fromkeys(["P0", "P1", "P2", "P3"], "IN_STOCK") | {"P4": "DAMAGED"}
    assert (await chain.at_source()).damaged == 1
    await migrate("0010_backorders")
    assert set((await states()).values()) == {"IN_STOCK"}
    await migrate()
    assert await states() == before
    assert await stock_contradictions(ctx) == []
