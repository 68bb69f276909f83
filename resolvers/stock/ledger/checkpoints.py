"""Writing checkpoints of the ledger, from which audits and reads of past levels start.

Movements are written while their level is locked, so a statement that sees one sees all earlier movements of
the level. Their sum is final, although movements of other levels with lower IDs may become visible later.
Checkpoints therefore need no locks.
"""

from __future__ import annotations

from models.database import fetch, transaction
from models.stock.rules import COLUMNS
from resolvers.context import Context
from resolvers.stock.ledger.replay import NEWEST, replayed

# Replaying fewer movements than this costs less than reading a checkpoint.
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
    """Write a checkpoint for each level with enough movements since its last one. Return how many.

    Levels are processed in batches, each in its own transaction. Several processes may run this at once.
    """
    found = await fetch("SELECT COALESCE(MAX(id), 0) AS last FROM stock_level")
    return sum(
        [
            len(await transaction(fetch, _ADVANCE, start, start + _AT_ONCE, ctx.now()))
            for start in range(0, found[0]["last"], _AT_ONCE)
        ]
    )
