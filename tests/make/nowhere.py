"""Names and IDs of what is nowhere, in the shapes of what is somewhere."""

from __future__ import annotations

from typing import Any

from models.members.numbers import card_number
from schema.nodes.nodes import global_id
from tests.make.territories import Territory

MISSING_ROW = 10**9 + 7


def missing() -> Territory:
    """Names and IDs of what is nowhere."""
    return _Missing()


class _Missing(Territory):
    def __getitem__(self, word: str) -> Any:
        if word == "MemberCard.number":
            return card_number("90", 999_999)
        if word == "phone":
            return "13900009999"
        if "." in word or word[0].islower():
            return "6900000000003" if word == "gtin" else "NOWHERE-1"
        return global_id(word, MISSING_ROW)
