"""Announcing changes: written with the rows they tell of, given their sequence after the commit.

A sequence is given under one lock, so sequences have no gap and follow the order in which changes
became visible, however many processes write. Readers ask by sequence and miss nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import after_commit, fetch, for_update, transaction
from models.database import execute as execute_sql
from models.deferred_writes import insert_later
from models.errors import Expired
from models.outbox import OutboxEvent
from resolvers.context import Context, utc_now

BATCH = 500
_COLUMNS = (
    *("topic", "node_type", "node_id", "merchant_id", "organisation_id", "variant_id"),
    *("location_id", "subject", "actor_kind", "actor_id", "traceparent", "created_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to announce; `node_type` and `node_id` name what changed (`"StockLevel"`, 7).

    It belongs to `organisation_id`, a node of the tree, or else to the whole merchant.
    """

    topic: str
    node_type: str
    node_id: int
    merchant_id: int | None = None
    organisation_id: int | None = None
    variant_id: int | None = None
    location_id: int | None = None
    subject: str | None = None


async def announce(ctx: Context, changes: Sequence[Change]) -> None:
    """Write `changes` in the running transaction; whoever listens wakes once it has committed."""
    if not changes:
        return
    now, traceparent = ctx.now(), ctx.gateways.traces.traceparent()
    await insert_later(
        "outbox_event",
        _COLUMNS,
        [
            (
                change.topic,
                change.node_type,
                change.node_id,
                change.merchant_id,
                change.organisation_id or change.merchant_id,
                change.variant_id,
                change.location_id,
                change.subject,
                str(ctx.actor.kind),
                ctx.actor.id,
                traceparent,
                now,
            )
            for change in changes
        ],
    )
    after_commit(ctx.gateways.bus.wake)


async def give_sequences() -> int:
    """Number the committed changes that have no sequence yet, in batches; answers how many there were."""
    total = 0
    while await fetch("SELECT id FROM outbox_event WHERE sequence IS NULL LIMIT 1"):
        given = await transaction(_give_sequences)
        total += given
        if given < BATCH:
            break
    return total


async def unnumbered() -> frozenset[int]:
    """The IDs of the committed changes that have no sequence yet."""
    rows = await fetch("SELECT id FROM outbox_event WHERE sequence IS NULL")
    return frozenset(row["id"] for row in rows)


async def last_sequence() -> int:
    rows = await fetch("SELECT last_sequence FROM outbox_counter")
    return rows[0]["last_sequence"] if rows else 0


async def oldest_sequence() -> int:
    """The first change that is still kept, or the next to come where none is."""
    # One statement, so that changes which are being numbered count on both sides or on neither.
    rows = await fetch(
        "SELECT MIN(sequence) AS oldest, (SELECT MAX(last_sequence) FROM outbox_counter) AS last"
        " FROM outbox_event"
    )
    return rows[0]["oldest"] or (rows[0]["last"] or 0) + 1


async def refuse_forgotten(after: int, name: str = "after") -> None:
    """Raises: Expired when changes after this sequence are no longer kept, naming the argument."""
    oldest = await oldest_sequence()
    if after < oldest - 1:
        raise Expired(
            "The changes before {oldest} are no longer kept.", path=(name,), oldest=oldest
        )


async def changes_after(
    sequence: int, topics: Sequence[str], limit: int = BATCH
) -> list[OutboxEvent]:
    """The next changes after `sequence` on any of `topics` (none: on all), in order."""
    query = OutboxEvent.filter(sequence__gt=sequence)
    if topics:
        query = query.filter(topic__in=list(topics))
    return await query.order_by("sequence").limit(limit)


async def _give_sequences() -> int:
    last = await _locked_counter()
    # A statement of its own, so that it sees all that was committed before the lock was had.
    given = await execute_sql(
        "UPDATE outbox_event SET sequence = numbered.sequence FROM ("
        "SELECT id, CAST(? AS BIGINT) + ROW_NUMBER() OVER (ORDER BY id) AS sequence FROM ("
        f"SELECT id FROM outbox_event WHERE sequence IS NULL ORDER BY id LIMIT {BATCH}) AS waiting"
        ") AS numbered WHERE outbox_event.id = numbered.id",
        last,
    )
    if given:
        await execute_sql("UPDATE outbox_counter SET last_sequence = ?", last + given)
    return given


async def _locked_counter() -> int:
    """The last sequence given; nobody else gives one until this transaction ends."""
    counter = "SELECT last_sequence FROM outbox_counter" + for_update()
    if not (rows := await fetch(counter)):
        # Two processes may come here at once: the second waits, inserts nothing and locks the first's.
        await execute_sql(
            "INSERT INTO outbox_counter (id, last_sequence, created_at) VALUES (1, 0, ?)"
            " ON CONFLICT (id) DO NOTHING",
            utc_now(),
        )
        rows = await fetch(counter)
    last: int = rows[0]["last_sequence"]
    return last
