from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.sessions import Guest
from models.database import transaction
from models.errors import IdempotencyKeyReused, InvalidInput
from models.idempotency import IdempotencyRecord
from resolvers.context import Actor, ActorKind, Context
from resolvers.idempotency import once


async def make_guest(ctx: Context, key: str, given: object, fails: bool = False) -> object:
    async def work() -> dict[str, int]:
        guest = await Guest.create()
        await asyncio.sleep(0.01)
        if fails:
            raise InvalidInput("No.")
        return {"guest_id": guest.id}

    return await transaction(once, ctx, "guest.make", key, given, work)


async def test_the_same_key_in_parallel_works_once_and_answers_alike(ctx: Context) -> None:
    answers = await asyncio.gather(*(make_guest(ctx, "k", {"a": 1}) for _ in range(10)))
    assert await Guest.all().count() == 1
    assert all(answer == answers[0] for answer in answers)


async def test_another_input_is_refused_and_changes_nothing(ctx: Context) -> None:
    await make_guest(ctx, "k", {"a": 1})
    with pytest.raises(IdempotencyKeyReused):
        await make_guest(ctx, "k", {"a": 2})
    assert await Guest.all().count() == 1


async def test_what_was_refused_may_be_tried_again(ctx: Context) -> None:
    with pytest.raises(InvalidInput):
        await make_guest(ctx, "k", {}, fails=True)
    assert await IdempotencyRecord.all().count() == 0
    await make_guest(ctx, "k", {})
    assert await Guest.all().count() == 1


async def test_a_key_belongs_to_its_caller(ctx: Context) -> None:
    other = replace(ctx, actor=Actor(ActorKind.GUEST, 7))
    await make_guest(ctx, "k", {})
    await make_guest(other, "k", {})
    assert await Guest.all().count() == 2


@pytest.mark.parametrize("key", ["", "k" * 129, "line\nbreak", "nul\0"])
async def test_an_unusable_key_is_refused(ctx: Context, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await make_guest(ctx, key, {})
    assert refused.value.path == ("idempotencyKey",)
