"""What came of a batch, kept with its idempotency key: the same key again is answered the same."""

from __future__ import annotations

from typing import Any

from models.errors import Duplicate, InvalidInput, NotFound, Refusal, StaleVersion
from resolvers.bulk_rows import BatchOutcome, RowOutcome, RowWarning

_REFUSALS = {kind.code: kind for kind in (InvalidInput, NotFound, Duplicate, StaleVersion)}


class Rejected(Exception):
    """Rolls a rejected batch back, its key with it, so that it may be sent again when mended."""

    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__("some rows are faulty")
        self.outcome = outcome


def kept(outcome: BatchOutcome) -> dict[str, Any]:
    """The outcome as plain JSON."""
    return {
        "rows": [
            [
                row.external_code,
                [[r.code, r.template, r.path, r.parts] for r in row.refusals],
                [[w.template, w.path, w.parts] for w in row.warnings],
            ]
            for row in outcome.rows
        ],
        "created": outcome.created,
        "updated": outcome.updated,
    }


def restored(answer: dict[str, Any]) -> BatchOutcome:
    rows = [
        RowOutcome(
            index,
            code,
            [_refusal(*each) for each in refusals],
            # Earlier versions kept none.
            [_warning(*each) for found in warnings for each in found],
        )
        for index, (code, refusals, *warnings) in enumerate(answer["rows"])
    ]
    return BatchOutcome(rows, answer["created"], answer["updated"])


def _warning(template: str, path: list[str | int], parts: dict[str, Any]) -> RowWarning:
    return RowWarning(template, path=path, **parts)


def _refusal(code: str, template: str, path: list[str | int], parts: dict[str, Any]) -> Refusal:
    return _REFUSALS[code](template, path=path, **parts)
