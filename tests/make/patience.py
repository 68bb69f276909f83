"""A server that refuses nobody for asking often: for tests that ask everything."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from operator import attrgetter
from typing import Any

from settings import Settings

ENDLESS = 1_000_000_000
OFTEN = (
    "cost_limit_",
    "cost_restore_",
    "guests_per_",
    "otp_per_",
    "otp_challenge_after",
    "sign_in_",
    "password_attempts_",
)


def patient(settings: Settings) -> Settings:
    """The same with every limit on how often or how much so high that nobody meets it."""
    raised: dict[str, Any] = dict.fromkeys(map(attrgetter("name"), _limits()), ENDLESS)
    return replace(settings, **raised)


def patience() -> dict[str, str]:
    """For a process: the variables that raise them as far as settings go."""
    return {f"QUINTET_{each.name.upper()}": str(each.metadata["bounds"][1]) for each in _limits()}


def _limits() -> list[Field[Any]]:
    return [each for each in fields(Settings) if each.name.startswith(OFTEN)]
