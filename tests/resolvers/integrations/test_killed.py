"""A process killed at any statement of a delivery loses no change, and those of a node keep their order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from threading import Thread

import pytest

from models.accounts.organisations import Organisation
from models.database import transaction
from models.integrations.webhooks import WebhookDelivery
from resolvers.background.outbox import Change, announce
from resolvers.context import Context
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.delivery import deliver_due
from tests.make.deaths import Prepared, in_database
from tests.make.receiver import TestReceiver, receiving
from tests.make.sales import later

NODES, CHANGES = 3, 12


@contextmanager
def receiver_aside() -> Iterator[TestReceiver]:
    """A receiver that goes on while this thread waits for others to die."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = Thread(target=loop.run_forever)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(stack.enter_async_context(receiving()), loop)
    try:
        yield opening.result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def deliver(ctx: Context) -> None:
    while await deliver_due(ctx):
        pass


async def finished(ctx: Context) -> list[tuple[int, str]]:
    """Once the claim of whoever was killed has run out."""
    await deliver(later(ctx, hours=1))
    rows = await WebhookDelivery.all().order_by("sequence")
    return [(row.sequence, row.status) for row in rows]


@pytest.mark.own_database
def test_killed_at_any_statement_every_change_is_delivered_in_order(prepared: Prepared) -> None:
    settings = replace(prepared.settings, webhook_private_addresses=True)
    with receiver_aside() as receiver:

        async def begin(ctx: Context) -> None:
            merchant = await Organisation.get(id=ctx.merchant_id)
            await webhooks.create(
                ctx, url=receiver.url, topics=["stock.changed"], organisation_code=merchant.code
            )
            changes = [
                Change(
                    topic="stock.changed",
                    node_type="StockLevel",
                    node_id=number % NODES,
                    merchant_id=merchant.id,
                )
                for number in range(CHANGES)
            ]
            await transaction(announce, ctx, changes)

        in_database(settings, begin)
        for left in replace(prepared, settings=settings).deaths(deliver):
            assert in_database(left, finished) == [(n + 1, "DELIVERED") for n in range(CHANGES)]
            came = receiver.sequences
            receiver.messages.clear()
            for node in range(NODES):
                of_node = [each for each in came if (each - 1) % NODES == node]
                assert of_node == sorted(of_node)
                assert set(of_node) == set(range(node + 1, CHANGES + 1, NODES))
