"""Numbers for new cards: random, so that nobody finds another member's card by counting."""

from __future__ import annotations

import secrets

from models.members.cards import CardKind, MemberCard
from models.members.numbers import PHYSICAL_CARD_PREFIX, VIRTUAL_CARD_PREFIX, card_number

_PREFIXES = {CardKind.VIRTUAL: VIRTUAL_CARD_PREFIX, CardKind.PHYSICAL: PHYSICAL_CARD_PREFIX}
_SEQUENCES = 10**13


async def unused(kind: CardKind, quantity: int) -> list[str]:
    """So many different card numbers that no card has."""
    free: set[str] = set()
    while len(free) < quantity:
        drawn = {
            card_number(_PREFIXES[kind], secrets.randbelow(_SEQUENCES))
            for _ in range(quantity - len(free))
        }
        taken = await MemberCard.filter(number__in=drawn).values_list("number", flat=True)
        free |= drawn.difference(taken)
    return sorted(free)
