"""Adding up the ledger in SQL, on top of the checkpoints that say what its earlier part adds up to."""

from __future__ import annotations

from models.stock.rules import COLUMNS, ON_HAND_STATES
from models.stock.states import StockState

# Of the level `l`: where to start from the newest checkpoint, and from the beginning.
NEWEST = "(SELECT MAX(k.sequence) FROM stock_checkpoint k WHERE k.level_id = l.id)"
NONE = "0"


def replayed(levels: str, checkpoint: str, *, until: str = "TRUE", last: str = "NULL") -> str:
    """CTEs `base` and `replayed`: what the movements `m` of each level `l` that meets `levels` add up to.

    `checkpoint` is the sequence of the checkpoint to start from, `until` which movements count, `last` the
    sequence after which none does: all in SQL, with their parameters in the order `last`, `checkpoint`,
    `levels`, `until`. `replayed` has a level's ID, place and version, the five states, and of the movements
    that were added their number, the last sequence and the last moment.
    """
    grouped = "base.level_id, base.variant_id, base.location_id, base.version"
    kept = ", ".join(f"COALESCE(c.{column}, 0) AS {column}" for column in COLUMNS)
    return f"""
base AS (
  SELECT l.id AS level_id, l.variant_id, l.location_id, l.version,
    COALESCE(c.sequence, 0) AS first, COALESCE({last}, {2**62}) AS last, {kept}
  FROM stock_level l LEFT JOIN stock_checkpoint c ON c.level_id = l.id AND c.sequence = {checkpoint}
  WHERE {levels}),
replayed AS (
  SELECT {grouped}, COUNT(m.id) AS movements, MAX(m.id) AS sequence, MAX(m.created_at) AS last_at,
    {", ".join(map(_added, ON_HAND_STATES))}
  FROM base LEFT JOIN stock_movement m ON m.variant_id = base.variant_id
    AND m.location_id = base.location_id AND m.id > base.first AND m.id <= base.last AND {until}
  GROUP BY {grouped}, {", ".join(f"base.{column}" for column in COLUMNS)})
"""


def _added(state: StockState) -> str:
    column = state.lower()
    return (
        f"base.{column} + COALESCE(SUM(CASE WHEN m.to_state = '{state}' THEN m.quantity"
        f" WHEN m.from_state = '{state}' THEN -m.quantity ELSE 0 END), 0) AS {column}"
    )
