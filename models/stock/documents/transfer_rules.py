"""The life of a transfer, who may take each step, and what is still on the road."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.stock.state_machines import Transitions, actions_of


class TransferStatus(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    IN_TRANSIT = "IN_TRANSIT"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class TransferAction(StrEnum):
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    SHIP = "SHIP"
    RECEIVE = "RECEIVE"
    CANCEL = "CANCEL"


_S, _A = TransferStatus, TransferAction
# RECEIVE leads to RECEIVED once nothing is left on the road, else to PARTIALLY_RECEIVED.
TRANSFER_TRANSITIONS: Transitions[TransferStatus, TransferAction] = {
    _S.SUBMITTED: {_A.APPROVE: _S.APPROVED, _A.REJECT: _S.REJECTED, _A.CANCEL: _S.CANCELLED},
    _S.APPROVED: {_A.SHIP: _S.IN_TRANSIT, _A.CANCEL: _S.CANCELLED},
    _S.IN_TRANSIT: {_A.RECEIVE: _S.RECEIVED, _A.CANCEL: _S.CANCELLED},
    _S.PARTIALLY_RECEIVED: {_A.RECEIVE: _S.RECEIVED, _A.CANCEL: _S.CANCELLED},
}
IN_TRANSIT_STATUSES = (_S.IN_TRANSIT, _S.PARTIALLY_RECEIVED)


@dataclass(frozen=True, slots=True)
class TransferRights:
    """What somebody is to a transfer: `decides_both` holds the right to decide over both of its ends.

    `alone`: whoever asked may decide, too.
    """

    asked: bool = False
    alone: bool = False
    decides_both: bool = False
    at_source: bool = False
    at_destination: bool = False


def permitted(status: TransferStatus, action: TransferAction, rights: TransferRights) -> bool:
    """Whoever asked cannot decide, unless alone.

    Once the goods are on the road, only their sender can call them back.
    """
    match action:
        case TransferAction.APPROVE | TransferAction.REJECT:
            return rights.decides_both and (rights.alone or not rights.asked)
        case TransferAction.SHIP:
            return rights.at_source
        case TransferAction.RECEIVE:
            return rights.at_destination
    asker = rights.at_destination and status not in IN_TRANSIT_STATUSES
    return rights.decides_both or rights.at_source or asker


def transfer_actions(status: TransferStatus, rights: TransferRights) -> list[TransferAction]:
    """What this caller may do now."""
    return [
        each for each in actions_of(TRANSFER_TRANSITIONS, status) if permitted(status, each, rights)
    ]
