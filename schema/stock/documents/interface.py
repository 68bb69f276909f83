"""What every stock document shows, declared once: the interface `StockDocument`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

import strawberry

from models.bounds import DOCUMENT_LOCATIONS
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents import reading
from resolvers.stock.documents.kinds import DocumentKind
from schema.actors import Actor, actors
from schema.batching import batched
from schema.columns import column, derived, identity
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.nodes.nodes import Document
from schema.stock.documents.history import DocumentEvent, histories
from schema.stock.documents.statuses import StockDocumentStatus
from schema.stores.types import StockLocation


@strawberry.interface(
    description="A numbered document that plans, moves or counts stock at one location or between two."
)
class StockDocument(Document, kind=False):
    """The fields that all kinds share. A subclass names its kind and adds its status, lines and actions."""

    kind: ClassVar[DocumentKind[Any, Any]]
    row: strawberry.Private[Any]
    id: strawberry.ID = identity()
    number: str = column("number", description="What people call it.")
    note: str | None = column("note")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")

    @derived
    def document_status(self) -> StockDocumentStatus:
        """Its status, in the enum over all kinds."""
        return StockDocumentStatus(self.row.status)

    @list_size(DOCUMENT_LOCATIONS)
    @batched
    @staticmethod
    async def locations(parents: list[StockDocument], ctx: Context) -> list[list[StockLocation]]:
        """Its location; of a transfer the source, then the destination."""
        ids = [[getattr(each.row, name) for name in each.kind.location_columns] for each in parents]
        wanted = list({row_id for each in ids for row_id in each})
        found = dict(zip(wanted, await StockLocation.load(ctx, wanted), strict=True))
        return [[found[row_id] for row_id in DOCUMENT_LOCATIONS.cut(each)] for each in ids]

    @batched
    @staticmethod
    async def created_by(parents: list[StockDocument], ctx: Context) -> list[Actor | None]:
        """Who created it; null for the system itself."""
        rows = [each.row for each in parents]
        return await actors(ctx, await reading.authors_of(parents[0].kind, rows))

    @batched
    @staticmethod
    async def line_count(parents: list[StockDocument], ctx: Context) -> list[int]:
        """How many lines it has."""
        ids = [each.row.id for each in parents]
        found = await reading.line_counts(parents[0].kind, ids)
        return [found[row_id] for row_id in ids]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[StockDocument], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[DocumentEvent]]:
        """What became of it, oldest first."""
        ids = [each.row.id for each in parents]
        return await histories(parents[0].kind.name, ids, Slice(first, skip))

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return the document of a row."""
        return cls(row=row)

    @classmethod
    def optional(cls, row: Any | None) -> Self | None:
        """Return the document of a row, None without one."""
        return None if row is None else cls(row=row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Self | None]:
        """Return the documents with these row IDs, None for each that the caller may not see."""
        found = await reading.by_ids(ctx, cls.kind, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]


async def lines_of(parents: Sequence[StockDocument], cut: Slice) -> list[list[Any]]:
    """Return a slice of the line rows of each document of one kind, in the order of the parents."""
    ids = [each.row.id for each in parents]
    found = await reading.lines_of_each(parents[0].kind, ids, cut)
    return [found[row_id] for row_id in ids]
