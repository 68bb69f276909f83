"""Keeping what stores are searched in as this version writes it."""

from __future__ import annotations

from models.database import execute_many, records, transaction
from models.text.chinese import simplified

_BATCH = 2_000
_TEXTS = f"SELECT id, search_text FROM location WHERE id > ? ORDER BY id LIMIT {_BATCH}"
_FOLD = "UPDATE location SET search_text = ? WHERE id = ? AND search_text = ?"


async def ensure_folded() -> None:
    """Fold traditional characters in texts that an earlier version wrote."""
    last = 0
    while rows := await records(_TEXTS, last):
        last = rows[-1][0]
        folded = [(simplified(text), row_id, text) for row_id, text in rows]
        if changed := [each for each in folded if each[0] != each[2]]:
            await transaction(execute_many, _FOLD, changed)
