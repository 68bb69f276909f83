"""The history of stock documents, and the documents that stock was moved for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import strawberry

from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.documents import history_of
from schema.actors import Actor, actors
from schema.batching import batched
from schema.nodes.nodes import global_id


class Happened(Protocol):
    """A row of a document's history."""

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
    description="One event of a document's history; a status may stay the same, as when some of the goods"
    " arrive."
)
class DocumentEvent:
    """One event of a document's history."""

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
        """Return the event of a row."""
        return cls(
            at=row.created_at, from_=row.from_status, to=row.to_status, note=row.note, row=row
        )


class DoneFor(Protocol):
    """A row that names the document it was written for."""

    document_type: str | None
    document_id: int | None


def document_of(row: DoneFor) -> strawberry.ID | None:
    """Return the global ID of the document that a row was written for, None without one."""
    if row.document_type is None or row.document_id is None:
        return None
    return global_id(row.document_type, row.document_id)


async def histories(kind: str, ids: Sequence[int], cut: Slice) -> list[list[DocumentEvent]]:
    """Return a slice of the history of each document of a kind, oldest first, in the order of `ids`."""
    found = await history_of(kind, ids, cut)
    return [[DocumentEvent.of(event) for event in found[row_id]] for row_id in ids]
