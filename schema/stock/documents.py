"""What every stock document shows of its life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import strawberry

from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.documents import history_of
from resolvers.stock.documents.lists import DocumentFilter
from schema.actors import Actor, actors
from schema.batching import batched
from schema.nodes.nodes import global_id, optional_row_id


class Happened(Protocol):
    """A step in the life of a document."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def from_status(self) -> str | None: ...
    @property
    def to_status(self) -> str: ...
    @property
    def note(self) -> str | None: ...
    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_id(self) -> int | None: ...


@strawberry.type(
    description="One line of a document's history; a status may stay, as when a part has come."
)
class DocumentEvent:
    at: datetime
    from_: str | None = strawberry.field(name="from")
    to: str
    note: str | None
    row: strawberry.Private[Happened]

    @batched
    @staticmethod
    async def actor(parents: list[DocumentEvent], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @classmethod
    def of(cls, row: Happened) -> DocumentEvent:
        return cls(
            at=row.created_at, from_=row.from_status, to=row.to_status, note=row.note, row=row
        )


def document_filter(
    status: Sequence[StrEnum] | None,
    location_id: str | None,
    number: str | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    supplier_code: str | None = None,
    *,
    at: Sequence[str] = (),
) -> DocumentFilter:
    """The arguments of a list, which stand `at` this path. Raises: InvalidInput for no ID of a location."""
    return DocumentFilter(
        statuses=None if status is None else sorted(set(status)),
        location_id=optional_row_id(location_id, "Store", "Warehouse", path=(*at, "locationId")),
        number=number,
        created_from=created_from,
        created_to=created_to,
        supplier_code=supplier_code,
    )


class DoneFor(Protocol):
    """A row that says what it was done for."""

    document_type: str | None
    document_id: int | None


def document_of(row: DoneFor) -> strawberry.ID | None:
    if row.document_type is None or row.document_id is None:
        return None
    return global_id(row.document_type, row.document_id)


async def histories(kind: str, ids: Sequence[int], cut: Slice) -> list[list[DocumentEvent]]:
    """A slice of the history of each document of this kind, oldest first, in the order of `ids`."""
    found = await history_of(kind, ids, cut)
    return [[DocumentEvent.of(event) for event in found[row_id]] for row_id in ids]
