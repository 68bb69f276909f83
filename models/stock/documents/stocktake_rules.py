"""Statuses, transitions and permissions of stocktakes, and the result of a count."""

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
# COUNT leads to COUNTED when every line is counted.
STOCKTAKE_TRANSITIONS: Transitions[StocktakeStatus, StocktakeAction] = {
    _S.OPEN: {_A.COUNT: _S.OPEN, _A.CANCEL: _S.CANCELLED},
    _S.COUNTED: {_A.APPROVE: _S.APPROVED, _A.RECOUNT: _S.OPEN, _A.CANCEL: _S.CANCELLED},
}


@dataclass(frozen=True, slots=True)
class StocktakeRights:
    """The caller's rights on a stocktake; `counted` is whether the caller made any of the current counts."""

    counts: bool = False
    approves: bool = False
    counted: bool = False


def permitted(action: StocktakeAction, rights: StocktakeRights) -> bool:
    """Return whether the rights permit the action. A person who counted cannot approve."""
    if action is StocktakeAction.APPROVE:
        return rights.approves and not rights.counted
    return rights.counts


def stocktake_actions(status: StocktakeStatus, rights: StocktakeRights) -> list[StocktakeAction]:
    """Return the actions that the status and the rights permit."""
    return [each for each in actions_of(STOCKTAKE_TRANSITIONS, status) if permitted(each, rights)]


@dataclass(frozen=True, slots=True)
class Count:
    """The counted quantity of a variant, and the quantity that the ledger expected at that time."""

    counted: int
    expected: int

    @property
    def difference(self) -> int:
        """Units found beyond the expected ones; negative if some are missing.

        Later sales and receipts do not change it.
        """
        return self.counted - self.expected


def findings(scanned: Collection[str], expected: Collection[str]) -> dict[str, SerialFinding]:
    """Return the serial numbers that were expected and not scanned, or scanned and not expected."""
    missing = sorted(set(expected) - set(scanned))
    surplus = sorted(set(scanned) - set(expected))
    return {
        **dict.fromkeys(missing, SerialFinding.MISSING),
        **dict.fromkeys(surplus, SerialFinding.SURPLUS),
    }
