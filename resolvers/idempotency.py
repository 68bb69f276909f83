"""The same key with the same input answers what it answered the first time and does nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from orjson import OPT_SORT_KEYS, dumps

from models.database import execute_many, fetch, in_transaction_now, is_postgres
from models.deferred_writes import change_later
from models.errors import IdempotencyKeyReused, InvalidInput
from models.id_allocation import by_table, next_ids, postgres_statement
from models.idempotency import IdempotencyRecord
from resolvers.context import Context

_CLAIM = """
INSERT INTO idempotency_record (scope, key, fingerprint{columns}, created_at) VALUES {rows}
ON CONFLICT (scope, key) DO NOTHING RETURNING {id} AS id, scope, key
"""
_ANSWER = "UPDATE idempotency_record SET answer = ? WHERE id = ?"


Claimed = tuple[list[dict[str, Any]], dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key for an operation, and the fingerprint of what it came with."""

    scope: str
    key: str
    fingerprint: str


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
    claim = claim_of(ctx, operation, key, given)
    values = claim.scope, claim.key, claim.fingerprint, ctx.now()
    if claimed := await fetch(_CLAIM.format(columns="", rows="(?, ?, ?, ?)", id="id"), *values):
        answer = await work()
        await change_later("idempotency_record", _ANSWER, dumps(answer).decode(), claimed[0]["id"])
        return answer
    record = await IdempotencyRecord.get(scope=claim.scope, key=claim.key)
    return _same(claim, record).answer


def claim_of(ctx: Context, operation: str, key: str, given: object) -> Claim:
    """Raises: InvalidInput for an unusable key."""
    if not 1 <= len(key) <= 128 or not key.isprintable():
        raise InvalidInput(
            "An idempotency key has 1 to 128 printable characters.", path=("idempotencyKey",)
        )
    return Claim(f"{ctx.actor.key} {operation}", key, _fingerprint(given))


async def claim_all(
    claims: Iterable[Claim], now: datetime, table: str, **others: int
) -> tuple[dict[Claim, int], dict[str, list[int]]]:
    """Claim keys that are each answered by a row of `table` which is yet to be written.

    Answers the ID of that row for those that nobody had before, and so many new IDs of `others` besides.
    Call it first thing inside the transaction, as `once`; what is not done in the end must be `disclaimed`.
    """
    wanted = sorted(claims, key=lambda claim: (claim.scope, claim.key))
    claim = _claim_on_postgres if is_postgres() else _claim_on_sqlite
    rows, ids = await claim(wanted, now, table, others)
    fresh = {(row["scope"], row["key"]): row["id"] for row in rows}
    return {
        each: fresh[each.scope, each.key] for each in wanted if (each.scope, each.key) in fresh
    }, ids


async def _claim_on_postgres(
    claims: Sequence[Claim], now: datetime, table: str, others: Mapping[str, int]
) -> Claimed:
    """All in one statement."""
    row = f"(?, ?, ?, to_jsonb(nextval('{table}_id_seq')), ?)"
    claim = _CLAIM.format(columns=", answer", rows=", ".join([row] * len(claims)), id="answer")
    statement = (
        f"WITH claimed AS ({claim})"
        " SELECT '' AS name, CAST(CAST(id AS TEXT) AS BIGINT) AS id, scope, key FROM claimed"
    )
    if others:
        given = postgres_statement(others)
        statement += f" UNION ALL SELECT name, id, NULL, NULL FROM ({given}) AS given"
    values = [value for each in claims for value in (each.scope, each.key, each.fingerprint, now)]
    rows = await fetch(statement, *values, *others.values())
    ids = by_table(row for row in rows if row["name"])
    return [row for row in rows if not row["name"]], ids


async def _claim_on_sqlite(
    claims: Sequence[Claim], now: datetime, table: str, others: Mapping[str, int]
) -> Claimed:
    ids = await next_ids(**{table: len(claims)}, **others)
    claim = _CLAIM.format(
        columns=", answer",
        rows=", ".join(["(?, ?, ?, ?, ?)"] * len(claims)),
        id="CAST(answer AS INTEGER)",
    )
    values = [
        value
        for each, row_id in zip(claims, ids[table], strict=True)
        for value in (each.scope, each.key, each.fingerprint, str(row_id), now)
    ]
    return await fetch(claim, *values), ids


async def disclaim(claims: Iterable[Claim]) -> None:
    """Give keys back whose work was not done."""
    await execute_many(
        "DELETE FROM idempotency_record WHERE scope = ? AND key = ?",
        [(claim.scope, claim.key) for claim in claims],
    )


async def answered(claim: Claim) -> Any:
    """What this key was answered before; None when it is new.

    Raises: IdempotencyKeyReused for another input.
    """
    record = await IdempotencyRecord.get_or_none(scope=claim.scope, key=claim.key)
    return None if record is None else _same(claim, record).answer


def _same(claim: Claim, record: IdempotencyRecord) -> IdempotencyRecord:
    if record.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused(
            "This idempotency key was used with another input.", path=("idempotencyKey",)
        )
    return record


def _fingerprint(given: object) -> str:
    return sha256(dumps(given, default=str, option=OPT_SORT_KEYS)).hexdigest()
