"""What a server knows beforehand, it has prepared before somebody asks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

import server
from schema.operations.documents import documents
from schema.operations.documents.persisted import PersistedDocuments
from schema.operations.documents.trusted import TrustedDocuments
from schema.operations.warming import known_documents, warm
from settings import Settings
from tests.conftest import serving
from tests.make.documents import all_documents
from tests.schema.toy_server import toy_operations

GOOD = "query A { hello } query B { node { child { name } } }"


async def test_documents_are_prepared_and_refused_ones_are_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    structlog.reset_defaults()  # whatever level another test's server has set
    operations = toy_operations()
    compiled: list[str | None] = []
    monkeypatch.setattr(operations.execute, "compile", lambda document, name: compiled.append(name))
    with capture_logs() as lines:
        await warm(operations, ["{ nothing }", GOOD])
    assert [(line["event"], line["document"]) for line in lines] == [
        ("a known document is refused", "{ nothing }")
    ]
    assert compiled == ["A", "B"]
    monkeypatch.setattr(documents, "parse", None)
    assert operations.documents.prepare(GOOD)
    with pytest.raises(TypeError):
        operations.documents.prepare("{ hello }")


def test_trusted_documents_are_known_else_the_examples() -> None:
    assert len(known_documents(toy_operations())) == len(all_documents())
    trusted = PersistedDocuments(trusted=TrustedDocuments({"a": GOOD}))
    assert known_documents(toy_operations(persisted=trusted)) == [GOOD]


async def test_a_server_is_ready_once_it_has_prepared_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def warm(*asked: Any) -> None:
        begun.set()
        await may_go_on.wait()
        await prepare(*asked)
        done.set()

    prepare = server.warm
    monkeypatch.setattr(server, "warm", warm)
    async with serving(settings, warming=True) as api:
        await begun.wait()
        assert (await api.client.get("/health/ready")).status_code == 503
        assert (await api.client.get("/health/live")).status_code == 200
        assert await api.ask("{ __typename }")
        may_go_on.set()
        await done.wait()
        assert (await api.client.get("/health/ready")).status_code == 200
