"""What came of importing a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.errors import Refusal

SHOWN = 20


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of one row of a file; the paths of its refusals lie inside the row behind so many steps."""

    line: int
    code: str
    refusals: Sequence[Refusal] = ()
    outside: int = 0


@dataclass(slots=True)
class ImportReport:
    """Rows by what became of them; `failed` are (line number, code, message), `notes` for the reader.

    `ended` is why the file could not be read, or not to its end: the line, 0 for the file as a whole, and a
    message.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: list[tuple[int, str, str]] = field(default_factory=list)
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
        """Take in the rows that failed."""
        for result in results:
            if result.refusals:
                said = "; ".join(_sentence(result, each) for each in result.refusals)
                self.failed.append((result.line, result.code, said))

    def __str__(self) -> str:
        counts = f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"
        lines = [
            f"{counts}, {len(self.failed)} failed.",
            *self.notes,
            *(f"Line {line}, {code or '-'}: {text}" for line, code, text in self.failed[:SHOWN]),
        ]
        if len(self.failed) > SHOWN:
            lines.append(f"… and {len(self.failed) - SHOWN} more.")
        return "\n".join(lines)


def _sentence(result: RowResult, refusal: Refusal) -> str:
    """The message behind the field that it speaks of."""
    field_name = ".".join(map(str, refusal.path[result.outside :]))
    return f"{field_name}: {refusal}" if field_name else str(refusal)
