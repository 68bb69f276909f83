"""Lists of stock documents as connections, of one kind or of all."""

from __future__ import annotations

from typing import Any, TypeVar

import strawberry

from models.bounds import all_of
from resolvers.context import Context
from resolvers.orm_pagination import Page
from resolvers.stock.documents.all_kinds import KindsTally
from resolvers.stock.documents.lists import Listed
from schema.batching import batched
from schema.cost.directives import cost, list_size
from schema.cost.prices import COUNT
from schema.operations.documents.value_counts import ValueCount
from schema.pagination import DocumentConnection, tallied
from schema.stock.documents.interface import StockDocument
from schema.stock.documents.statuses import StockDocumentKind
from schema.stock.purchasing.return_types import SupplierReturn
from schema.stock.purchasing.types import PurchaseOrder
from schema.stock.stocktakes.types import Stocktake
from schema.stock.transfers.types import Transfer

D = TypeVar("D", bound=StockDocument)
NODES: dict[str, type[StockDocument]] = {
    each.kind.name: each for each in (Transfer, PurchaseOrder, SupplierReturn, Stocktake)
}


@strawberry.type
class StockDocumentConnection(DocumentConnection[StockDocument]):
    """A page of documents of all kinds."""

    @list_size(all_of(StockDocumentKind))
    @cost(COUNT // len(StockDocumentKind))
    @batched
    @staticmethod
    async def kind_counts(
        parents: list[StockDocumentConnection], ctx: Context
    ) -> list[list[ValueCount]]:
        """How many there are of each kind in the whole list, by the name of its type."""
        found = await tallied(parents, lambda tally, keys: tally.kinds(keys))
        return [[ValueCount(value=name, count=n) for name, n in counts] for counts in found]


def connection_of(node: type[D], found: Listed[Any]) -> DocumentConnection[D]:
    """Return a list of documents of one kind as a connection."""
    return DocumentConnection.of(found.page, node.of, found.tally)


def mixed(page: Page[Any], tally: KindsTally) -> StockDocumentConnection:
    """Return a list of documents of all kinds as a connection."""
    return StockDocumentConnection.of(page, lambda row: NODES[type(row).__name__].of(row), tally)
