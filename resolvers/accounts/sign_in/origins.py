"""Where somebody has signed in from before: an address, or a device by a token that only it has.

Strangers can slow down each other, but not whoever comes from where the account's owner has been. Addresses
and devices are kept as hashes, the last `KEPT` of each account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from models.accounts.passwords import new_token, token_hash
from models.database import execute, fetch, marks
from resolvers.attempts import network
from resolvers.context import Context

KNOWN_FOR = timedelta(days=180)
KEPT = 20
_MAXIMUM_TOKEN = 200


@dataclass(frozen=True, slots=True)
class SignInOrigin:
    """`key` is what the attempts are counted by: a known device, else the network address."""

    key: str
    device_is_known: bool
    address_is_known: bool

    @property
    def is_known(self) -> bool:
        return self.device_is_known or self.address_is_known


async def origin_of(ctx: Context, subject: str, device_token: str | None) -> SignInOrigin:
    """Where a request for `subject`, such as `staff:admin`, comes from. One statement, whoever it is."""
    subjects = ctx.settings.keys.digests(subject)
    addresses = ctx.settings.keys.digests(f"address:{network(ctx)}")
    device = _device_hash(device_token)
    origins = [*addresses, device] if device else addresses
    rows = await fetch(
        f"SELECT origin FROM known_origin WHERE subject IN ({marks(subjects)})"
        f" AND origin IN ({marks(origins)}) AND seen_at > ?",
        *subjects,
        *origins,
        ctx.now() - KNOWN_FOR,
    )
    found = {row["origin"] for row in rows}
    known = device in found
    return SignInOrigin(
        key=f"device:{device}" if known else f"address:{network(ctx)}",
        device_is_known=known,
        address_is_known=any(address in found for address in addresses),
    )


async def remember(
    ctx: Context, subject: str, device_token: str | None, origin: SignInOrigin
) -> str:
    """Note where a sign-in came from, inside its transaction. Return the device's token.

    A device that is not known gets a new token, so that nobody chooses one.
    """
    token = device_token if device_token and origin.device_is_known else new_token("qd")
    hashed = ctx.settings.keys.digest(subject)
    for each in (ctx.settings.keys.digest(f"address:{network(ctx)}"), token_hash(token)):
        await execute(
            "INSERT INTO known_origin (subject, origin, seen_at, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (subject, origin) DO UPDATE SET seen_at = excluded.seen_at",
            hashed,
            each,
            ctx.now(),
            ctx.now(),
        )
    await execute(
        "DELETE FROM known_origin WHERE subject = ? AND id NOT IN (SELECT id FROM known_origin"
        f" WHERE subject = ? ORDER BY seen_at DESC, id DESC LIMIT {KEPT})",
        hashed,
        hashed,
    )
    return token


async def forget_old(ctx: Context) -> int:
    """Delete what was not seen for `KNOWN_FOR`. Return how many."""
    return await execute("DELETE FROM known_origin WHERE seen_at < ?", ctx.now() - KNOWN_FOR)


def _device_hash(token: str | None) -> str | None:
    return token_hash(token) if token and len(token) <= _MAXIMUM_TOKEN else None
