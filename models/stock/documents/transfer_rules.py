"""Statuses, transitions and permissions of transfers."""

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
# RECEIVE leads to PARTIALLY_RECEIVED while goods are in transit.
TRANSFER_TRANSITIONS: Transitions[TransferStatus, TransferAction] = {
    _S.SUBMITTED: {_A.APPROVE: _S.APPROVED, _A.REJECT: _S.REJECTED, _A.CANCEL: _S.CANCELLED},
    _S.APPROVED: {_A.SHIP: _S.IN_TRANSIT, _A.CANCEL: _S.CANCELLED},
    _S.IN_TRANSIT: {_A.RECEIVE: _S.RECEIVED, _A.CANCEL: _S.CANCELLED},
    _S.PARTIALLY_RECEIVED: {_A.RECEIVE: _S.RECEIVED, _A.CANCEL: _S.CANCELLED},
}
IN_TRANSIT_STATUSES = (_S.IN_TRANSIT, _S.PARTIALLY_RECEIVED)


@dataclass(frozen=True, slots=True)
class TransferRights:
    """The caller's rights on a transfer.

    `asked` is whether the caller requested it. `alone` permits requesters to decide on their own requests.
    `decides_both` is the right to decide at the source and at the destination.
    """

    asked: bool = False
    alone: bool = False
    decides_both: bool = False
    at_source: bool = False
    at_destination: bool = False


def permitted(status: TransferStatus, action: TransferAction, rights: TransferRights) -> bool:
    """Return whether the rights permit the action in this status.

    Requesters cannot decide on their own requests, unless `alone`. The destination can cancel only before the
    goods are shipped.
    """
    match action:
        case TransferAction.APPROVE | TransferAction.REJECT:
            return rights.decides_both and (rights.alone or not rights.asked)
        case TransferAction.SHIP:
            return rights.at_source
        case TransferAction.RECEIVE:
            return rights.at_destination
    before_shipping = rights.at_destination and status not in IN_TRANSIT_STATUSES
    return rights.decides_both or rights.at_source or before_shipping


def transfer_actions(status: TransferStatus, rights: TransferRights) -> list[TransferAction]:
    """Return the actions that the status and the rights permit."""
    return [
        each for each in actions_of(TRANSFER_TRANSITIONS, status) if permitted(status, each, rights)
    ]
