"""Rows of a file that are done together, no two of them about the same.

Rows of one product that follow each other are sent as one, as each line of CSV is but a variant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import Refusal
from resolvers.bulk_rows import RowOutcome, RowWarning
from resolvers.context import Context
from resolvers.integrations.bulk.kinds import Kind
from resolvers.integrations.files.csv_files import CsvRow
from resolvers.integrations.files.reports import RowResult
from resolvers.integrations.files.row_files import FileRow, RowFile
from resolvers.validation import MAXIMUM_ROWS

_IN_BATCH = 2  # the paths of use cases begin with the batch and the row in it


@dataclass(frozen=True, slots=True)
class Entry:
    """What the use case takes as one row, and the rows, each with its draft, that it was joined from."""

    draft: Any
    parts: Sequence[tuple[FileRow, Any]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that may be done together, as entries; `unread` are those that no draft could be made of."""

    rows: Sequence[FileRow]
    entries: Sequence[Entry]
    unread: Sequence[RowResult]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of each row, and of how many entries."""

    results: list[RowResult]
    created: int
    updated: int
    unchanged: int

    def and_then(self, other: Sent) -> Sent:
        return Sent(
            [*self.results, *other.results],
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


async def next_chunk(ctx: Context, file: RowFile, kind: Kind, read: Callable[[Any], Any]) -> Chunk:
    """As many rows as a batch takes, up to the first about something that was in it before.

    Raises: UnreadableFile.
    """
    found = await asyncio.to_thread(file.rows, MAXIMUM_ROWS + 1)
    rows = await kind.complete(ctx, found)
    return await asyncio.to_thread(_chunk, file, rows, kind, read)


def _chunk(file: RowFile, rows: Sequence[FileRow], kind: Kind, read: Callable[[Any], Any]) -> Chunk:
    drafts = [(row, _draft(row, kind, read)) for row in rows]
    entries, end = first_batch(kind, drafts)
    file.put_back(rows[end:])
    unread = [draft for _, draft in drafts[:end] if isinstance(draft, RowResult)]
    return Chunk(rows[:end], entries, unread)


def first_batch(kind: Kind, drafts: Sequence[tuple[FileRow, Any]]) -> tuple[list[Entry], int]:
    """The entries of the first rows, and how many rows that are.

    A product is not torn at the end, unless it is the first of the batch. A row that names a thing otherwise
    than one before it begins another batch: the last row of a file decides, however far apart they are.
    """
    entries: list[Entry] = []
    starts: dict[str, int] = {}
    names: dict[str, str] = {}
    for position, (row, draft) in enumerate(drafts):
        if isinstance(draft, RowResult):
            continue
        key, joined = kind.key_of(draft), None
        if entries and key == kind.key_of(entries[-1].draft):
            joined = kind.join(entries[-1].draft, draft)
        if position == MAXIMUM_ROWS and joined is not None and starts[key]:
            return entries[:-1], starts[key]
        own = kind.names_of(draft)
        contradicts = any(names.get(thing, name) != name for thing, name in own.items())
        if position == MAXIMUM_ROWS or contradicts or (joined is None and key in starts):
            return entries, position
        names.update(own)
        if joined is not None:
            entries[-1] = Entry(joined, [*entries[-1].parts, (row, draft)])
        else:
            entries.append(Entry(draft, [(row, draft)]))
            starts[key] = position
    return entries, min(len(drafts), MAXIMUM_ROWS)


async def send(ctx: Context, kind: Kind, entries: Sequence[Entry], key: str) -> Sent:
    """Do the entries. The rows of a joined one that is refused are done one by one: sound ones stand."""
    outcome = await kind.send(ctx, [each.draft for each in entries], key)
    unchanged = sum(told.ok for told in outcome.rows) - outcome.created - outcome.updated
    sent, refused = Sent([], outcome.created, outcome.updated, unchanged), list[Entry]()
    for told in outcome.rows:
        entry = entries[told.index]
        if not told.ok and len(entry.parts) > 1:
            refused.append(entry)
            continue
        sent.results.extend(
            RowResult(row.line, told.external_code, told.refusals, _IN_BATCH, warnings)
            for (row, _), warnings in zip(entry.parts, _warnings(entry, told), strict=True)
        )
    for place in range(max((len(each.parts) for each in refused), default=0)):
        parts = [each.parts[place] for each in refused if place < len(each.parts)]
        alone = [Entry(draft, [(row, draft)]) for row, draft in parts]
        sent = sent.and_then(await send(ctx, kind, alone, f"{key}-{place}"))
    return sent


def _warnings(entry: Entry, told: RowOutcome) -> list[list[RowWarning]]:
    """Of each part of an entry the warnings of its own variants, by their places in it."""
    if len(entry.parts) == 1:
        return [[*told.warnings]]
    found: list[list[RowWarning]] = [[] for _ in entry.parts]
    owners = [
        (part, place)
        for part, (_, draft) in enumerate(entry.parts)
        for place in range(len(draft.variants))
    ]
    for each in told.warnings:
        *outside, variants, variant = each.path[: _IN_BATCH + 2]
        assert isinstance(variant, int)  # noqa: S101 - as the use case has written it
        part, place = owners[variant]
        path = (*outside, variants, place, *each.path[_IN_BATCH + 2 :])
        found[part].append(RowWarning(each.template, path=path, **each.parts))
    return found


def _draft(row: FileRow, kind: Kind, read: Callable[[Any], Any]) -> Any:
    """The draft, or what is wrong with the row."""
    try:
        return read(row.value)
    except Refusal as refusal:
        code = kind.label(row.value) if isinstance(row.value, CsvRow) else ""
        return RowResult(row.line, code, [refusal])
