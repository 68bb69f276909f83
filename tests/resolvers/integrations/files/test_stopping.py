"""A conversion that would take for ever ends when it is cancelled, and its claim is held until then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest

from models.integrations.bulk import BulkKind, BulkOperation, BulkStatus
from resolvers.background import worker
from resolvers.context import Context
from resolvers.integrations.bulk import operations as bulk_operations
from resolvers.integrations.bulk import running as bulk_running
from resolvers.integrations.bulk.running import run_due
from resolvers.integrations.files.stopping import Stop
from schema.integrations.bulk_rows import draft_of
from schema.messages import translate
from tests.make.bulk import a_bulk_operation

TEXT = "code,name,address\nS1,店,街1号\n"


class Endless:
    """Converts until it is asked to stop."""

    def __init__(self) -> None:
        self.begun, self.ended = Event(), Event()

    def __call__(
        self, path: Path, form: object, converted: Path, encoding: object, stop: Stop
    ) -> Any:
        self.begun.set()
        try:
            while True:
                stop.check()
                sleep(0.01)
        finally:
            self.ended.set()


@asynccontextmanager
async def converting(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[BulkOperation, Endless]]:
    endless = Endless()
    monkeypatch.setattr(bulk_running, "readable", endless)
    yield await a_bulk_operation(here, BulkKind.STORES, TEXT), endless


async def test_a_conversion_is_cancelled(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    async with converting(here, monkeypatch) as (operation, endless):
        running = asyncio.create_task(run_due(here, draft_of, translate))
        await asyncio.to_thread(endless.begun.wait)
        await bulk_operations.cancel(here, operation.id)
        async with asyncio.timeout(30):
            assert await running == 1
        assert endless.ended.is_set()
        found = await BulkOperation.get(id=operation.id)
        assert (found.status, found.rows_done) == (BulkStatus.CANCELLED, 0)


async def test_a_claim_is_held_while_converting(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with converting(here, monkeypatch) as (operation, endless):
        running = asyncio.create_task(run_due(here, draft_of, translate))
        await asyncio.to_thread(endless.begun.wait)
        claimed = (await BulkOperation.get(id=operation.id)).locked_until
        assert claimed is not None
        async with asyncio.timeout(30):
            while not await longer(operation, claimed):  # noqa: ASYNC110 - a row tells nobody
                await asyncio.sleep(0.1)
        assert await run_due(here, draft_of, translate) == 0
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert endless.ended.is_set()
        assert (await BulkOperation.get(id=operation.id)).locked_until is None


async def longer(operation: BulkOperation, than: datetime) -> bool:
    held = (await BulkOperation.get(id=operation.id)).locked_until
    return held is not None and held > than


async def test_a_worker_that_stops_lets_go_of_its_file(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TASKS", ())
    async with converting(here, monkeypatch) as (operation, endless):
        stopping = asyncio.Event()
        running = asyncio.create_task(worker.run(here, draft_of, translate, stopping))
        await asyncio.to_thread(endless.begun.wait)
        stopping.set()
        async with asyncio.timeout(30):
            await running
        assert endless.ended.is_set()
        found = await BulkOperation.get(id=operation.id)
        assert (found.status, found.locked_until) == (BulkStatus.RUNNING, None)


async def test_what_a_killed_conversion_left_goes_with_the_next(here: Context) -> None:
    operation = await a_bulk_operation(here, BulkKind.STORES, TEXT.encode("utf-16"))
    folder = Path(here.settings.files_folder) / "bulk"
    (folder / f"{operation.file}.lines.killed.partial").write_text("half")
    (folder / "other.lines.running.partial").write_text("another's")
    assert await run_due(here, draft_of, translate) == 1
    assert (await BulkOperation.get(id=operation.id)).rows_done == 1
    assert [each.name for each in folder.glob("*.partial")] == ["other.lines.running.partial"]
