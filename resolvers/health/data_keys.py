"""Check of the keys that encrypt personal data: a restored database is of no use without its own."""

from __future__ import annotations

from models.data_keys import encrypted_columns, read_sample
from models.opening import FOREIGN_KEYS, mend_of
from resolvers.context import Context
from resolvers.health.findings import Finding, error, ok


async def readable(ctx: Context) -> Finding:
    """Decrypt the oldest and the newest values of each encrypted column."""
    reading = await read_sample(encrypted_columns())
    if foreign := reading.foreign:
        return error("data keys", f"{FOREIGN_KEYS}: {foreign}.", mend_of(foreign.kid))
    if reading.unreadable:
        says = f"A value was damaged: {reading.unreadable[0]}."
        return error("data keys", says, "Restore this value from a backup.")
    return ok("data keys", "QUINTET_DATA_KEYS reads the personal data of this database.")
