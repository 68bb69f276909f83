"""A subscription keeps nothing of the events that it has sent."""

from __future__ import annotations

import gc

from tests.schema.toy_server import ToyContext, toy_operations

EVENTS, SEEN = 900, (100, 800)


async def test_events_leave_nothing_behind_while_the_subscription_lives() -> None:
    operations = toy_operations()
    prepared = operations.documents.prepare(f"subscription {{ ticks(to: {EVENTS}) {{ number }} }}")
    context = ToyContext(None, None)
    answers = operations.answers(prepared.operation(None), None, None, context)
    tracked: list[int] = []
    number = 0
    async for answer in answers:
        assert answer.outcome == "ok"
        number += 1
        if number in SEEN:
            gc.collect()
            tracked.append(len(gc.get_objects()))
    assert number == EVENTS
    before, after = tracked
    assert after - before < SEEN[1] - SEEN[0]
