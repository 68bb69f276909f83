"""The life of a stocktake, who may take each step, and what a count says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from models.stock.state_machines import Transitions, actions_of


class StocktakeStatus(StrEnum):
    OPEN = "OPEN"
    COUNTED = "COUNTED"
    APPROVED = "APPROVED"
    CANCELLED = "CANCELLED"


class SerialFinding(StrEnum):
    MISSING = "MISSING"
    SURPLUS = "SURPLUS"


class StocktakeAction(StrEnum):
    COUNT = "COUNT"
    RECOUNT = "RECOUNT"
    APPROVE = "APPROVE"
    CANCEL = "CANCEL"


_S, _A = StocktakeStatus, StocktakeAction
# COUNT leads to COUNTED once every line is counted.
STOCKTAKE_TRANSITIONS: Transitions[StocktakeStatus, StocktakeAction] = {
    _S.OPEN: {_A.COUNT: _S.OPEN, _A.CANCEL: _S.CANCELLED},
    _S.COUNTED: {_A.APPROVE: _S.APPROVED, _A.RECOUNT: _S.OPEN, _A.CANCEL: _S.CANCELLED},
}


@dataclass(frozen=True, slots=True)
class StocktakeRights:
    """What somebody is to a stocktake: `counted` any of its lines as they stand."""

    counts: bool = False
    approves: bool = False
    counted: bool = False


def permitted(action: StocktakeAction, rights: StocktakeRights) -> bool:
    """Whoever counted cannot approve."""
    if action is StocktakeAction.APPROVE:
        return rights.approves and not rights.counted
    return rights.counts


def stocktake_actions(status: StocktakeStatus, rights: StocktakeRights) -> list[StocktakeAction]:
    """What this caller may do now."""
    return [each for each in actions_of(STOCKTAKE_TRANSITIONS, status) if permitted(each, rights)]


@dataclass(frozen=True, slots=True)
class Count:
    """What was found of a variant, and what should have been there at that moment."""

    counted: int
    expected: int

    @property
    def difference(self) -> int:
        """Pieces too many, or below 0 too few. It holds whatever is sold or comes in after the count."""
        return self.counted - self.expected


def findings(scanned: Collection[str], expected: Collection[str]) -> dict[str, SerialFinding]:
    """The serial numbers that were expected and not scanned, or scanned and not expected."""
    missing = sorted(set(expected) - set(scanned))
    surplus = sorted(set(scanned) - set(expected))
    return {
        **dict.fromkeys(missing, SerialFinding.MISSING),
        **dict.fromkeys(surplus, SerialFinding.SURPLUS),
    }
