from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models.accounts.sessions import OneTimeCode
from models.errors import Expired, InvalidInput, LimitExceeded
from resolvers.accounts import one_time_codes
from resolvers.context import Context, utc_now

PHONE, CANONICAL = "138 0000 1234", "+8613800001234"


def sent(ctx: Context) -> list[dict[str, str]]:
    outbox = Path(ctx.settings.sms_outbox)
    text = outbox.read_text(encoding="utf-8") if outbox.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def later(ctx: Context, **time: float) -> Context:
    return replace(ctx, clock=lambda: utc_now() + timedelta(**time))


async def test_a_code_is_sent_as_the_phone_was_written_and_is_good_once(ctx: Context) -> None:
    resend_at = await one_time_codes.request(ctx, PHONE)
    (message,) = sent(ctx)
    assert message.keys() == {"phone", "code", "sentAt"}
    assert message["phone"] == PHONE
    assert len(message["code"]) == 6
    assert resend_at > ctx.now()
    assert await one_time_codes.verify(ctx, CANONICAL, message["code"]) == CANONICAL
    with pytest.raises(Expired):
        await one_time_codes.verify(ctx, PHONE, message["code"])


async def test_only_a_hash_is_kept(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    kept = await OneTimeCode.get()
    assert sent(ctx)[0]["code"] not in kept.code_hash


async def test_wrong_tries_are_counted_though_each_is_refused(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    right = sent(ctx)[0]["code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(InvalidInput) as refused:
            await one_time_codes.verify(ctx, PHONE, wrong)
        assert refused.value.path == ("code",)
    with pytest.raises(Expired):
        await one_time_codes.verify(ctx, PHONE, right)


async def test_parallel_guesses_are_no_more_tries_than_five(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    right = int(sent(ctx)[0]["code"])
    guesses = [f"{(right + n) % 1_000_000:06d}" for n in range(1, 21)]
    answers = await asyncio.gather(
        *(one_time_codes.verify(ctx, PHONE, guess) for guess in guesses), return_exceptions=True
    )
    assert sum(isinstance(answer, InvalidInput) for answer in answers) == 5
    assert sum(isinstance(answer, Expired) for answer in answers) == 15


async def test_an_old_code_is_no_longer_good(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    with pytest.raises(Expired):
        await one_time_codes.verify(later(ctx, minutes=6), PHONE, sent(ctx)[0]["code"])


async def test_a_new_code_takes_the_place_of_the_one_before(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    await asyncio.sleep(1.1)
    await one_time_codes.request(ctx, PHONE)
    first, second = (message["code"] for message in sent(ctx))
    if first != second:
        with pytest.raises(InvalidInput):
            await one_time_codes.verify(ctx, PHONE, first)
    assert await one_time_codes.verify(ctx, PHONE, second) == CANONICAL


async def test_asking_again_at_once_is_refused_and_sends_nothing(ctx: Context) -> None:
    await one_time_codes.request(ctx, PHONE)
    with pytest.raises(LimitExceeded):
        await one_time_codes.request(ctx, CANONICAL)
    assert len(sent(ctx)) == 1


@pytest.mark.parametrize("phone", ["", "1", "abc", "+", "1" * 40, "１３８" * 20])
async def test_what_is_no_phone_is_refused(ctx: Context, phone: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await one_time_codes.request(ctx, phone)
    assert refused.value.path == ("phone",)
    assert sent(ctx) == []
