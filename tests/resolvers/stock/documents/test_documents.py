from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from models.database import transaction
from resolvers.context import Context
from resolvers.stock.documents.documents import history_of, next_number, record


async def test_parallel_documents_get_numbers_of_their_own(ctx: Context) -> None:
    # 17:00 in London is the next day in Shanghai.
    ctx = replace(ctx, clock=lambda: datetime(2026, 11, 24, 17, tzinfo=UTC))
    merchant_id = ctx.merchant_id or 0
    numbers = await asyncio.gather(
        *(transaction(next_number, ctx, merchant_id, "TR") for _ in range(12))
    )
    assert sorted(numbers) == [f"TR-20261125-{position:04}" for position in range(1, 13)]
    assert await transaction(next_number, ctx, merchant_id, "PO") == "PO-20261125-0001"


async def test_the_history_tells_who_did_what_in_order(ctx: Context) -> None:
    await transaction(record, ctx, ("Transfer", 7), None, "SUBMITTED", "please")
    await transaction(record, ctx, ("Transfer", 7), "SUBMITTED", "APPROVED")
    await transaction(record, ctx, ("Stocktake", 7), None, "OPEN")
    found = await history_of("Transfer", [7, 8])
    assert [(each.from_status, each.to_status, each.note) for each in found[7]] == [
        (None, "SUBMITTED", "please"),
        ("SUBMITTED", "APPROVED", None),
    ]
    assert {each.actor_kind for each in found[7]} == {"SYSTEM"}
    assert found[8] == []
