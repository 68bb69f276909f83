"""A server killed in the middle of a rush: whoever asks again with the same key is told what became of it."""

from __future__ import annotations

import asyncio

import pytest

from settings import Settings
from tests.make.documents import document
from tests.make.fleet import fleet
from tests.make.shop import one_piece, open_shop

BUYERS, PIECES, KILLS = 60, 100, 2
LEVEL = """query($v: ID!) { stockLevels(filter: { variantId: $v }) {
  edges { node { available held committed } } } }"""


@pytest.mark.own_database
async def test_nobody_loses_an_order_or_gets_two(settings: Settings) -> None:
    async with fleet(settings, size=1) as served:
        (process,) = served.processes
        admin = await served.api.staff()
        shop = await open_shop(admin, PIECES)
        guests = await asyncio.gather(*(served.api.guest() for _ in range(BUYERS)))
        answers: dict[int, str] = {}
        answered: asyncio.Queue[int] = asyncio.Queue()

        async def place(number: int) -> str:
            payload = await guests[number].do(
                document("phone/checkout_place"),
                checkout=one_piece(shop),
                idempotencyKey=f"rush-{number}",
            )
            order_id: str = payload["order"]["id"]
            answered.put_nowait(number)
            return answers.setdefault(number, order_id)

        # A client whose call is not answered asks again with the same key, until it is.
        rush = asyncio.gather(*(place(number) for number in range(BUYERS)))
        for number in range(KILLS):
            for _ in range(5):
                await answered.get()
            assert len(answers) < BUYERS
            await (process.stop() if number else process.kill())
            await process.start()
        await rush
        told = dict(answers)
        answers.clear()
        await asyncio.gather(*(place(number) for number in range(BUYERS)))
        assert answers == told
        assert len(set(told.values())) == BUYERS
        (edge,) = (await admin.ask(LEVEL, v=shop.variant_id))["stockLevels"]["edges"]
        assert edge["node"] == {"available": PIECES - BUYERS, "held": BUYERS, "committed": 0}
        assert (await admin.ask(document("hq/stock_audit")))["stockAudit"]["drifts"] == []
        assert served.transport.unanswered > 0
