"""The inputs of mutations of transfers."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.transfers.arrivals import ReceiptDraft
from resolvers.stock.transfers.requests import TransferDraft
from schema.catalog.inputs import VariantQuantityInput
from schema.nodes.nodes import row_id
from schema.stock.serials.inputs import OF_TRACKED, SerialInput


@strawberry.input(description="The destination asks: it must be a place of yours.")
class TransferRequestInput:
    """A transfer."""

    source_id: strawberry.ID
    destination_id: strawberry.ID
    lines: list[VariantQuantityInput]
    idempotency_key: str
    note: str | None = None

    def draft(self) -> TransferDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        return TransferDraft(
            source_id=row_id(self.source_id, "Store", "Warehouse", path=("sourceId",)),
            destination_id=row_id(
                self.destination_id, "Store", "Warehouse", path=("destinationId",)
            ),
            lines=line_drafts(self.lines),
            note=self.note,
        )


@strawberry.input
class TransferStepInput:
    """A step of one transfer."""

    transfer_id: strawberry.ID

    def row_id(self) -> int:
        """Return the row ID of the document. Raises: InvalidInput."""
        return row_id(self.transfer_id, "Transfer", path=("transferId",))


@strawberry.input
class TransferDecideInput(TransferStepInput):
    """The decision on a transfer."""

    lines: list[VariantQuantityInput] | None = strawberry.field(
        default=None, description="What is approved, and nothing else; without lines, everything."
    )
    note: str | None = None


@strawberry.input
class TransferShipInput(TransferStepInput):
    """The shipment of a transfer."""

    idempotency_key: str
    lines: list[VariantQuantityInput] | None = strawberry.field(
        default=None,
        description="What is sent, and nothing else; without lines, all that was approved.",
    )
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)


@strawberry.input(
    description="Pieces that are not counted stay on the road. Serial numbers are of variants that track"
    " them; those of one kind may be left out where they are all that is left on the road."
)
class TransferReceiptInput:
    """What has arrived of one variant, and how."""

    variant_id: strawberry.ID
    accepted: int
    rejected: int = 0
    lost: int = 0
    accepted_serials: list[str] | None = None
    rejected_serials: list[str] | None = None
    lost_serials: list[str] | None = None

    def draft(self, number: int) -> ReceiptDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        variant_id = row_id(self.variant_id, "Variant", path=("lines", number, "variantId"))
        serials = {
            "accepted": self.accepted_serials,
            "rejected": self.rejected_serials,
            "lost": self.lost_serials,
        }
        named = {fate: each for fate, each in serials.items() if each}
        return ReceiptDraft(variant_id, self.accepted, self.rejected, self.lost, named)


@strawberry.input
class TransferReceiveInput(TransferStepInput):
    """What has arrived of a transfer."""

    lines: list[TransferReceiptInput]
    idempotency_key: str


@strawberry.input
class TransferCancelInput(TransferStepInput):
    """The cancellation of a transfer."""

    note: str | None = None
    lost: list[VariantQuantityInput] | None = strawberry.field(
        default=None,
        description="Of what is on the road, these are gone; all others are back at the source.",
    )
    lost_serials: list[SerialInput] | None = strawberry.field(
        default=None,
        description="Which of the lost ones' variants that track serial numbers, unless all are lost.",
    )
    idempotency_key: str | None = None


def line_drafts(lines: Sequence[VariantQuantityInput], name: str = "lines") -> list[LineDraft]:
    """Raises: InvalidInput naming the line whose ID is none of a variant."""
    return [
        LineDraft(line.variant_row(name, number), line.quantity)
        for number, line in enumerate(lines)
    ]


def optional_drafts(
    lines: Sequence[VariantQuantityInput] | None, name: str = "lines"
) -> list[LineDraft] | None:
    """Return the lines as the use case expects them, None without any. Raises: as `line_drafts`."""
    return None if lines is None else line_drafts(lines, name)
