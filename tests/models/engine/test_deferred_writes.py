"""What is put off until the commit is there for whoever looks, and costs one trip."""

from __future__ import annotations

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from models import database as db
from models.accounts.sessions import Guest
from models.database import transaction
from models.deferred_writes import Outdated, change_later, insert_later, update_later
from models.engine.deferred_statements import ChangedRows, as_one_statement
from models.engine.transactions import numbered
from models.idempotency import IdempotencyRecord
from models.jobs import Job
from resolvers.context import utc_now
from tests.make.databases import POSTGRES
from tests.make.statements import counting

JOB = ("kind", "payload", "run_at", "attempts", "created_at")
RECORD = ("scope", "key", "fingerprint", "answer", "created_at")


def _job(kind: str, **payload: object) -> tuple[object, ...]:
    return kind, payload, utc_now(), 0, utc_now()


async def _kinds() -> list[str]:
    return [str(kind) for kind in await Job.all().order_by("id").values_list("kind", flat=True)]


async def test_writes_to_several_tables_are_one_trip(database: str) -> None:
    async def work() -> None:
        await insert_later("job", JOB, [_job("a", text="汉'\"\\", list=[1, None]), _job("b")])
        await insert_later("idempotency_record", RECORD, [("s", "k", "f", [7], utc_now())])
        await insert_later("job", JOB, [_job("c")])
        await change_later("guest", "UPDATE guest SET taken_over_at = ?", None)

    guest = await Guest.create(taken_over_at=utc_now())
    with counting() as statements:
        await transaction(work)
    assert len(statements) == 1, statements
    jobs = await Job.all().order_by("id")
    assert [(job.kind, job.payload) for job in jobs] == [
        ("a", {"text": "汉'\"\\", "list": [1, None]}),
        ("b", {}),
        ("c", {}),
    ]
    assert abs((jobs[0].run_at - utc_now()).total_seconds()) < 60
    assert (await IdempotencyRecord.get()).answer == [7]
    assert (await Guest.get(id=guest.id)).taken_over_at is None


async def test_whoever_looks_finds_them(database: str) -> None:
    async def work() -> list[list[str]]:
        seen = []
        await insert_later("job", JOB, [_job("a")])
        seen.append(await _kinds())
        await insert_later("job", JOB, [_job("b")])
        await change_later("job", "UPDATE job SET kind = 'B' WHERE kind = ?", "b")
        await change_later("job", "UPDATE job SET kind = 'C' WHERE kind = ?", "B")
        await insert_later("job", JOB, [_job("d")])
        seen.append([row["kind"] for row in await db.fetch("SELECT kind FROM job ORDER BY id")])
        await insert_later("job", JOB, [_job("e")])
        await Job.filter(kind="e").update(kind="E")
        return [*seen, await _kinds()]

    assert await transaction(work) == [["a"], ["a", "C", "d"], ["a", "C", "d", "E"]]
    assert await _kinds() == ["a", "C", "d", "E"]


async def test_one_that_cannot_be_written_undoes_everything(database: str) -> None:
    async def work() -> None:
        await Guest.create()
        record = ("s", "k", "f", None, utc_now())
        await insert_later("idempotency_record", RECORD, [record, record])

    with pytest.raises(IntegrityError):
        await transaction(work)
    assert await Guest.all().count() == 0
    assert await IdempotencyRecord.all().count() == 0


async def test_outside_of_a_transaction_nothing_is_put_off(database: str) -> None:
    await insert_later("job", JOB, [_job("a")])
    assert await _kinds() == ["a"]
    await insert_later("job", JOB, [])
    assert await _kinds() == ["a"]


async def test_rows_are_changed_each_by_its_own(database: str) -> None:
    jobs = [await Job.create(kind=kind, payload={}, run_at=utc_now()) for kind in "abc"]
    moment = utc_now()

    async def work() -> None:
        columns = ("id", "kind", "payload", "run_at")
        await update_later("job", columns, [(jobs[0].id, "A", {"n": [1]}, moment)])
        await insert_later("guest", ("created_at",), [(moment,)])
        await update_later("job", columns, [(jobs[2].id, "C", {}, None)][:0])
        await update_later("job", columns, [(jobs[2].id, "C", {"n": "汉"}, moment)])

    with counting() as statements:
        await transaction(work)
    assert len(statements) == 1, statements
    found = await Job.all().order_by("id")
    assert [(job.kind, job.payload) for job in found] == [
        ("A", {"n": [1]}),
        ("b", {}),
        ("C", {"n": "汉"}),
    ]
    assert found[0].run_at == moment
    assert await Guest.all().count() == 1


async def test_rows_that_are_there_are_left_as_they_are(database: str) -> None:
    first, again = (("s", "k", print_, None, utc_now()) for print_ in ("first", "again"))
    await insert_later("idempotency_record", RECORD, [first])
    await insert_later(
        "idempotency_record", RECORD, [again, ("s", "k2", "f", None, utc_now())], missing_only=True
    )
    found = await IdempotencyRecord.all().order_by("id")
    assert [(each.key, each.fingerprint) for each in found] == [("k", "first"), ("k2", "f")]


@pytest.mark.parametrize("alone", [True, False])
async def test_a_change_that_finds_other_rows_than_it_must_undoes_everything(
    database: str, alone: bool
) -> None:
    for kind in "aab":
        await Job.create(kind=kind, payload={}, run_at=utc_now())

    async def work(count: int) -> None:
        if not alone:
            await insert_later("guest", ("created_at",), [(utc_now(),)])
        await change_later("job", "UPDATE job SET kind = 'X' WHERE kind = ?", "a", count=count)

    for count in (0, 1, 3):
        with pytest.raises(Outdated):
            await transaction(work, count)
        assert await _kinds() == ["a", "a", "b"]
        assert await Guest.all().count() == 0
    await transaction(work, 2)
    assert await _kinds() == ["X", "X", "b"]


@pytest.mark.own_database
@pytest.mark.skipif(not POSTGRES, reason="SQLite changes rows one by one")
@pytest.mark.parametrize(("rows", "of"), [(1, 500), (5, 5_000)])
async def test_rows_are_changed_by_their_index(database: str, rows: int, of: int) -> None:
    await db.execute(
        f"INSERT INTO guest (created_at) SELECT CURRENT_TIMESTAMP FROM generate_series(1, {of})"
    )
    await db.execute("ANALYZE guest")
    moments = [(row_id, utc_now()) for row_id in range(1, rows + 1)]
    write = ChangedRows("guest", ("id", "taken_over_at"), moments)
    query, values = as_one_statement([write])
    connection = await asyncpg.connect(database)
    try:
        # Whatever the values are: as it is planned once it has been asked often.
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = "\n".join(
            row[0] for row in await connection.fetch(numbered(f"EXPLAIN {query}"), *values)
        )
    finally:
        await connection.close()
    assert "Index Scan using guest_pkey" in plan, plan
