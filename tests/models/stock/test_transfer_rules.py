from __future__ import annotations

import pytest

from models.stock.documents.transfer_rules import TransferRights, TransferStatus, transfer_actions

HQ = TransferRights(decides_both=True, at_source=True, at_destination=True)
ASKING_HQ = TransferRights(asked=True, decides_both=True, at_source=True, at_destination=True)
SENDER = TransferRights(at_source=True)
RECEIVER = TransferRights(asked=True, at_destination=True)
ONLOOKER = TransferRights()
S = TransferStatus


@pytest.mark.parametrize(
    ("status", "rights", "actions"),
    [
        (S.SUBMITTED, HQ, ["APPROVE", "REJECT", "CANCEL"]),
        (S.SUBMITTED, ASKING_HQ, ["CANCEL"]),
        (S.SUBMITTED, RECEIVER, ["CANCEL"]),
        (S.SUBMITTED, SENDER, ["CANCEL"]),
        (S.SUBMITTED, ONLOOKER, []),
        (S.APPROVED, HQ, ["SHIP", "CANCEL"]),
        (S.APPROVED, SENDER, ["SHIP", "CANCEL"]),
        (S.APPROVED, RECEIVER, ["CANCEL"]),
        (S.IN_TRANSIT, SENDER, ["CANCEL"]),
        (S.IN_TRANSIT, RECEIVER, ["RECEIVE"]),
        (S.PARTIALLY_RECEIVED, HQ, ["RECEIVE", "CANCEL"]),
        (S.PARTIALLY_RECEIVED, RECEIVER, ["RECEIVE"]),
        (S.RECEIVED, HQ, []),
        (S.REJECTED, HQ, []),
        (S.CANCELLED, HQ, []),
    ],
)
def test_state_and_rights_say_what_may_be_done(
    status: TransferStatus, rights: TransferRights, actions: list[str]
) -> None:
    assert transfer_actions(status, rights) == actions
