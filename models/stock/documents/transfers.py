"""Transfers between locations, and their lines."""

from __future__ import annotations

from tortoise import fields

from models.stock.documents.transfer_rules import TransferStatus
from models.tables.fields import Row, choice, minor, never_negative, reference, within


class Transfer(Row):
    """A movement of goods between two locations of a merchant. It is approved before it is shipped."""

    merchant = reference("Organisation")
    number = fields.CharField(max_length=32)
    status = choice(TransferStatus)
    source = reference("Location")
    destination = reference("Location")
    requested_by_kind = fields.CharField(max_length=16)
    requested_by_id = fields.BigIntField(null=True)
    decided_by_kind = fields.CharField(max_length=16, null=True)
    decided_by_id = fields.BigIntField(null=True)
    note = fields.CharField(max_length=500, null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    source_id: int
    destination_id: int

    class Meta:
        table = "transfer"
        unique_together = (("merchant_id", "number"),)
        indexes = (("merchant_id", "id"),)
        constraints = (within("transfer", "ends", '"source_id" <> "destination_id"'),)


class TransferLine(Row):
    """The quantities of one variant by stage of the transfer.

    `road_minor` is the value of the units in transit, `lost_minor` the value of the lost ones.
    """

    transfer = reference("Transfer")
    variant = reference("Variant")
    requested = fields.IntField()
    approved = fields.IntField(default=0)
    shipped = fields.IntField(default=0)
    accepted = fields.IntField(default=0)
    rejected = fields.IntField(default=0)
    lost = fields.IntField(default=0)
    returned = fields.IntField(default=0)
    road_minor = minor(default=0)
    lost_minor = minor(default=0)

    transfer_id: int
    variant_id: int

    @property
    def in_transit(self) -> int:
        return self.shipped - self.accepted - self.rejected - self.lost - self.returned

    class Meta:
        table = "transfer_line"
        unique_together = (("transfer_id", "variant_id"),)
        constraints = (
            *never_negative(
                "transfer_line",
                "approved",
                "shipped",
                "accepted",
                "rejected",
                "lost",
                "returned",
                "road_minor",
                "lost_minor",
            ),
            within("transfer_line", "requested", '"requested" > 0'),
            within("transfer_line", "approved_at_most", '"approved" <= "requested"'),
            within("transfer_line", "shipped_at_most", '"shipped" <= "approved"'),
            within(
                "transfer_line",
                "arrived_at_most",
                '"accepted" + "rejected" + "lost" + "returned" <= "shipped"',
            ),
            within(
                "transfer_line",
                "worth_nothing_when_over",
                '"road_minor" = 0 OR "accepted" + "rejected" + "lost" + "returned" < "shipped"',
            ),
        )
