"""The same key with the same input answers what it answered the first time and does nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from orjson import OPT_SORT_KEYS, dumps

from models.database import change_later, fetch, in_transaction_now
from models.errors import IdempotencyKeyReused, InvalidInput
from models.idempotency import IdempotencyRecord
from resolvers.context import Context

_CLAIM = """
INSERT INTO idempotency_record (scope, key, fingerprint, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT (scope, key) DO NOTHING RETURNING id
"""
_ANSWER = "UPDATE idempotency_record SET answer = ? WHERE id = ?"


async def once(
    ctx: Context, operation: str, key: str, given: object, work: Callable[[], Awaitable[Any]]
) -> Any:
    """Do `work` unless this caller's `key` has done this `operation`; answers what `work` answered.

    The answer is plain JSON. Each operation has its keys to itself, so that a client may use one key, such as
    its order's number, all along a purchase.

    Call it first thing inside the use case's transaction: a work that is refused rolls back with its key,
    so it may be tried again. A concurrent call with the same key waits for the first to end.

    Raises: InvalidInput for an unusable key, IdempotencyKeyReused for another input.
    """
    assert in_transaction_now()  # noqa: S101 - the record must live and die with the work
    if not 1 <= len(key) <= 128 or not key.isprintable():
        raise InvalidInput(
            "An idempotency key has 1 to 128 printable characters.", path=("idempotencyKey",)
        )
    scope, fingerprint = f"{ctx.actor.key} {operation}", _fingerprint(given)
    if claimed := await fetch(_CLAIM, scope, key, fingerprint, ctx.now()):
        answer = await work()
        await change_later("idempotency_record", _ANSWER, dumps(answer).decode(), claimed[0]["id"])
        return answer
    record = await IdempotencyRecord.get(scope=scope, key=key)
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused(
            "This idempotency key was used with another input.", path=("idempotencyKey",)
        )
    return record.answer


def _fingerprint(given: object) -> str:
    return sha256(dumps(given, default=str, option=OPT_SORT_KEYS)).hexdigest()
