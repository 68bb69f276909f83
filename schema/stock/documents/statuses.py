"""The kinds and statuses of stock documents as enums over all kinds."""

from __future__ import annotations

from enum import StrEnum

from schema.enums import described_enum


class StockDocumentKind(StrEnum):
    """A kind of stock document; a value is the type of its global IDs."""

    TRANSFER = "Transfer"
    PURCHASE_ORDER = "PurchaseOrder"
    SUPPLIER_RETURN = "SupplierReturn"
    STOCKTAKE = "Stocktake"


class StockDocumentStatus(StrEnum):
    """Every status that a stock document of any kind has."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    IN_TRANSIT = "IN_TRANSIT"
    SHIPPED = "SHIPPED"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"
    OPEN = "OPEN"
    COUNTED = "COUNTED"
    CANCELLED = "CANCELLED"


described_enum(
    StockDocumentKind,
    "A kind of stock document.",
    TRANSFER="Goods go from one location to another.",
    PURCHASE_ORDER="Goods are ordered from a supplier.",
    SUPPLIER_RETURN="Goods go back to a supplier.",
    STOCKTAKE="Goods of a location are counted.",
)
described_enum(
    StockDocumentStatus,
    "The status of a stock document of any kind; each kind has some of them.",
    DRAFT="Not used: documents are submitted as they are created.",
    SUBMITTED="It waits for approval.",
    APPROVED="It is approved; of a stocktake, its differences are movements.",
    REJECTED="A transfer was refused.",
    IN_TRANSIT="A transfer is between its locations.",
    SHIPPED="A supplier return has left.",
    PARTIALLY_RECEIVED="Some of the goods have arrived.",
    RECEIVED="All goods have arrived; of a transfer, or are lost.",
    OPEN="A stocktake is being counted.",
    COUNTED="Every line of a stocktake is counted, and it waits for approval.",
    CANCELLED="It was cancelled.",
)
