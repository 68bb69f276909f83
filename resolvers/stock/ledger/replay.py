"""SQL that adds up movements of the ledger, starting from checkpoints."""

from __future__ import annotations

from models.stock.rules import COLUMNS, ON_HAND_STATES
from models.stock.states import StockState

# The checkpoint to start from, for a level `l`: the newest, or none.
NEWEST = "(SELECT MAX(k.sequence) FROM stock_checkpoint k WHERE k.level_id = l.id)"
NONE = "0"


def replayed(levels: str, checkpoint: str, *, until: str = "TRUE", last: str = "NULL") -> str:
    """Return the CTEs `base` and `replayed`, which add up the movements `m` of the levels `l`.

    All arguments are SQL. `levels` is the condition on levels, `checkpoint` the sequence of the checkpoint to
    start from, `until` the condition on movements, `last` the last sequence to include. Their parameters
    follow in the order `last`, `checkpoint`, `levels`, `until`. `replayed` has the level's ID, key and
    version, the five states, and the count, last sequence and last time of the added movements.
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
