"""A visitor who asks for one-time codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateways.challenges import PictureChallenges
from gateways.rate_limits import MemoryRateLimits
from resolvers.context import Context
from tests.make.one_time_codes import HOME, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visitor(ctx: Context, clock: Clock) -> Context:
    limits = MemoryRateLimits(clock)
    challenges = PictureChallenges(ctx.settings.keys, limits)
    gateways = replace(ctx.gateways, rate_limits=limits, challenges=challenges)
    settings = replace(ctx.settings, otp_resend_seconds=60)
    return replace(ctx, gateways=gateways, settings=settings, remote_address=HOME)
