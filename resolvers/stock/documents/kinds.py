"""The kinds of stock documents: their tables, their locations, and the right to read them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from models.accounts.roles import Permission
from models.stock.documents.purchase_rules import (
    PURCHASE_TRANSITIONS,
    RETURN_TRANSITIONS,
    PurchaseOrderStatus,
    SupplierReturnStatus,
)
from models.stock.documents.purchases import (
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierReturn,
    SupplierReturnLine,
)
from models.stock.documents.stocktake_rules import STOCKTAKE_TRANSITIONS, StocktakeStatus
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stock.documents.transfer_rules import TRANSFER_TRANSITIONS, TransferStatus
from models.stock.documents.transfers import Transfer, TransferLine
from models.stock.state_machines import Transitions
from models.tables.fields import Row

StockDocument = Transfer | PurchaseOrder | SupplierReturn | Stocktake
D = TypeVar("D", bound=StockDocument)
L = TypeVar("L", bound=Row)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocumentKind(Generic[D, L]):
    """One kind of stock document.

    `locations` are the relations to its locations, beginning with the source of the goods. `author` is the
    prefix of the columns of its creator; None if only the history has the creator. `topic` is the topic of
    its changes in the feed, `permission` the right to read it.
    """

    model: type[D]
    lines: type[L]
    locations: tuple[str, ...]
    author: str | None
    permission: Permission
    topic: str
    statuses: type[StrEnum]
    transitions: Transitions[Any, Any]

    @property
    def name(self) -> str:
        """The type of its global IDs, such as `"Transfer"`."""
        return self.model.__name__

    @property
    def line_parent(self) -> str:
        """The column of a line that names its document."""
        return f"{self.model._meta.db_table}_id"

    @property
    def location_columns(self) -> tuple[str, ...]:
        return tuple(f"{each}_id" for each in self.locations)


TRANSFERS = DocumentKind(
    model=Transfer,
    lines=TransferLine,
    locations=("source", "destination"),
    author="requested_by",
    permission=Permission.STOCK_READ,
    topic="transfer.changed",
    statuses=TransferStatus,
    transitions=TRANSFER_TRANSITIONS,
)
PURCHASE_ORDERS = DocumentKind(
    model=PurchaseOrder,
    lines=PurchaseOrderLine,
    locations=("destination",),
    author="created_by",
    permission=Permission.PURCHASE_READ,
    topic="purchase_order.changed",
    statuses=PurchaseOrderStatus,
    transitions=PURCHASE_TRANSITIONS,
)
SUPPLIER_RETURNS = DocumentKind(
    model=SupplierReturn,
    lines=SupplierReturnLine,
    locations=("location",),
    author="created_by",
    permission=Permission.PURCHASE_READ,
    topic="supplier_return.changed",
    statuses=SupplierReturnStatus,
    transitions=RETURN_TRANSITIONS,
)
STOCKTAKES = DocumentKind(
    model=Stocktake,
    lines=StocktakeLine,
    locations=("location",),
    author=None,
    permission=Permission.STOCK_READ,
    topic="stocktake.changed",
    statuses=StocktakeStatus,
    transitions=STOCKTAKE_TRANSITIONS,
)
KINDS: tuple[DocumentKind[Any, Any], ...] = (
    TRANSFERS,
    PURCHASE_ORDERS,
    SUPPLIER_RETURNS,
    STOCKTAKES,
)
_BY_MODEL = {each.model: each for each in KINDS}


def kind_of(document: StockDocument) -> DocumentKind[Any, Any]:
    """Return the kind of a document's row."""
    return _BY_MODEL[type(document)]


def key_of(document: StockDocument) -> tuple[str, int]:
    """Return the reference to a document in movements, serial numbers and events: `("Transfer", 7)`."""
    return kind_of(document).name, document.id
