"""One-time codes: asking for them, and what was sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from gateways.challenges import answer_of
from models.errors import QuintetError
from resolvers.accounts.sign_in import one_time_codes
from resolvers.context import Context

PHONE, CANONICAL = "138 0000 1234", "+8613800001234"
HOME, CAFE = "203.0.113.7", "198.51.100.9"


class Clock:
    """What the counters go by."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def at(ctx: Context, address: str) -> Context:
    return replace(ctx, remote_address=address)


def sent(ctx: Context) -> list[dict[str, str]]:
    outbox = Path(ctx.settings.sms_outbox)
    text = outbox.read_text(encoding="utf-8") if outbox.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def wrong(right: str, by: int = 1) -> str:
    return f"{(int(right) + by) % 1_000_000:06d}"


async def outcome(ctx: Context, code: str) -> str:
    try:
        return await one_time_codes.verify(ctx, PHONE, code)
    except QuintetError as error:
        return error.code


async def solved(ctx: Context) -> str:
    offered = await one_time_codes.offer_challenge(ctx)
    assert offered is not None
    assert offered.image_svg is not None
    assert offered.image_svg.startswith("<svg")
    answer = answer_of(ctx.settings.keys.current, offered.id)
    assert answer not in offered.image_svg
    return f"{offered.id}.{answer}"
