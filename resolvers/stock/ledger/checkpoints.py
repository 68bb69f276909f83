"""Keeping how far the ledger has been added up, so that audits and looks into the past start from there.

A movement is written under its level's lock, so a statement that sees one sees all that came before it at
the same level: what it adds up to is final, though movements of other levels, with lower IDs, may still be
on their way. Nothing waits for a lock here.
"""

from __future__ import annotations

from models.database import fetch, transaction
from models.stock.rules import COLUMNS
from resolvers.context import Context
from resolvers.stock.ledger.replay import NEWEST, replayed

# A checkpoint is worth so many movements: replaying fewer costs less than reading it.
MOVEMENTS = 20
_AT_ONCE = 1000

_DUE = f"""l.id > ? AND l.id <= ? AND (c.id IS NULL OR l.version - c.version >= {MOVEMENTS})"""
_ADVANCE = f"""
WITH {replayed(_DUE, NEWEST)}
INSERT INTO stock_checkpoint (level_id, sequence, version, {", ".join(COLUMNS)}, last_at, created_at)
SELECT level_id, sequence, version, {", ".join(COLUMNS)}, last_at, ? FROM replayed
WHERE movements >= {MOVEMENTS}
ON CONFLICT (level_id, sequence) DO NOTHING RETURNING level_id
"""


async def advance(ctx: Context) -> int:
    """Write a checkpoint for each level that has had enough movements since its last; answers how many.

    In parts, each a transaction of its own: any number of processes may do it at once.
    """
    found = await fetch("SELECT COALESCE(MAX(id), 0) AS last FROM stock_level")
    return sum(
        [
            len(await transaction(fetch, _ADVANCE, start, start + _AT_ONCE, ctx.now()))
            for start in range(0, found[0]["last"], _AT_ONCE)
        ]
    )
