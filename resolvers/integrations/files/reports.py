"""What came of importing a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.errors import Refusal
from resolvers.bulk_rows import RowWarning

SHOWN = 20


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of one row of a file.

    The paths of its refusals and warnings lie inside the row behind so many steps: `outside`.
    """

    line: int
    code: str
    refusals: Sequence[Refusal] = ()
    outside: int = 0
    warnings: Sequence[RowWarning] = ()

    def field_of(self, said: Refusal | RowWarning) -> str:
        """The field that a refusal or warning speaks of; empty for the row as a whole."""
        return ".".join(map(str, said.path[self.outside :]))


@dataclass(slots=True)
class ImportReport:
    """Rows by what became of them; `failed` are (line number, code, message), and so are those `warned` of.

    `notes` are for the reader.

    `ended` is why the file could not be read, or not to its end: the line, 0 for the file as a whole, and a
    message.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: list[tuple[int, str, str]] = field(default_factory=list)
    warned: list[tuple[int, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: tuple[int, str] | None = None

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + len(self.failed)

    def verdict(self) -> str:
        """Why not everything was imported, in a sentence; empty where it was."""
        if self.ended is not None:
            line, said = self.ended
            return f"Line {line}: {said}" if line else said
        if not self.failed:
            return ""
        if len(self.failed) == 1:
            return "1 row was not imported."
        return f"{len(self.failed)} rows were not imported."

    def add(self, results: Sequence[RowResult]) -> None:
        """Take in the rows that failed, and those with warnings."""
        for result in results:
            for said, rows in ((result.refusals, self.failed), (result.warnings, self.warned)):
                if said:
                    text = "; ".join(_sentence(result, each) for each in said)
                    rows.append((result.line, result.code, text))

    def __str__(self) -> str:
        counts = f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        lines = [f"{counts}, {len(self.failed)} failed.", *self.notes, *_lines(self.failed)]
        if self.warned:
            lines += [f"{len(self.warned)} with a warning:", *_lines(self.warned)]
        return "\n".join(lines)


def _lines(rows: Sequence[tuple[int, str, str]]) -> list[str]:
    """The first rows, and how many more there are."""
    lines = [f"Line {line}, {code or '-'}: {text}" for line, code, text in rows[:SHOWN]]
    return [*lines, f"… and {len(rows) - SHOWN} more."] if len(rows) > SHOWN else lines


def _sentence(result: RowResult, said: Refusal | RowWarning) -> str:
    """The message behind the field that it speaks of."""
    field_name = result.field_of(said)
    return f"{field_name}: {said}" if field_name else str(said)
