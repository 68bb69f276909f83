"""Check of the keys that encrypt personal data: a restored database is of no use without its own."""

from __future__ import annotations

from models.database import fetch
from models.encryption import Undecryptable, ring
from resolvers.context import Context
from resolvers.health.findings import Finding, error, ok

_CONTEXT = b"member.encrypted_phone"


async def readable(ctx: Context) -> Finding:
    """Decrypt the oldest and the newest phone; keys are rotated from the oldest on."""
    rows = [
        row
        for order in ("", " DESC")
        for row in await fetch(
            "SELECT encrypted_phone FROM member WHERE encrypted_phone IS NOT NULL"
            f" ORDER BY id{order} LIMIT 1"
        )
    ]
    try:
        for row in rows:
            ring().decrypt(row["encrypted_phone"], _CONTEXT)
    except Undecryptable:
        says = "QUINTET_DATA_KEYS does not read the personal data of this database."
        mend = "Add the key that was in use when it was written; without it this data is lost."
        return error("data keys", says, mend)
    return ok("data keys", "QUINTET_DATA_KEYS reads the personal data of this database.")
