"""What is put off until the commit is there for whoever looks, and costs one trip."""

from __future__ import annotations

import pytest
from tortoise.exceptions import IntegrityError

from models import database as db
from models.accounts.sessions import Guest
from models.database import change_later, insert_later, transaction
from models.idempotency import IdempotencyRecord
from models.jobs import Job
from resolvers.context import utc_now
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
