from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.bulk import CREATE, upload
from tests.make.changes import erp_of
from tests.make.persons import staff

STORES = "code,name,address\nS1,一店,街1号\nS2,,街2号\n"
READ = (
    "query($id: ID!) { node(id: $id) { ... on BulkOperation { status rowsTotal rowsDone rowsFailed"
    " resultsUrl errorsUrl finishedAt } } bulkOperations(first: 5) { edges { node { id } } } }"
)


@pytest.fixture
async def working(settings: Settings, tmp_path: Path) -> AsyncIterator[Api]:
    given = dataclasses.replace(
        settings,
        embedded_worker=True,
        files_folder=str(tmp_path / "files"),
        upload_limit_bytes=100_000,
        request_limit_bytes=50_000,
    )
    async with serving(given) as api:
        yield api


def files_of(api: Api) -> list[Path]:
    return [path for path in Path(api.settings.files_folder).rglob("*") if path.is_file()]


async def finished(api: Api, operation_id: str) -> Any:
    for _ in range(1200):
        found = (await api.ask(READ, id=operation_id))["node"]
        if found["finishedAt"]:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_a_file_is_uploaded_worked_through_and_its_results_fetched(working: Api) -> None:
    admin = await working.staff()
    payload = (await upload(admin, "stores.CSV", STORES, kind="STORES"))["data"][
        "bulkOperationCreate"
    ]
    assert payload["userErrors"] == []
    operation = payload["bulkOperation"]
    assert operation["status"] == "QUEUED"
    found = await finished(admin, operation["id"])
    assert (found["status"], found["rowsDone"], found["rowsFailed"]) == ("COMPLETED", "2", "1")
    assert found["rowsTotal"] == "2"
    results = await admin.client.get(found["resultsUrl"])
    assert [json.loads(line)["ok"] for line in results.text.splitlines()] == [True, False]
    errors = await admin.client.get(found["errorsUrl"])
    assert errors.headers["content-disposition"] == 'attachment; filename="errors.csv"'
    assert errors.text.splitlines()[1].startswith("3,S2,INVALID,name,")
    for forged in (
        found["resultsUrl"].replace("signature=", "signature=A"),
        found["resultsUrl"].replace("results.jsonl", "errors.csv"),
        found["resultsUrl"].replace("expires=1", "expires=2"),
        found["resultsUrl"].partition("?")[0],
        found["resultsUrl"].replace("results.jsonl", "..%2F..%2Fsettings.py"),
    ):
        assert (await admin.client.get(forged)).status_code in (403, 404)
    other = await erp_of(admin, "PLATFORM")
    unseen = await other.ask(READ, id=operation["id"])
    assert unseen == {"node": None, "bulkOperations": {"edges": []}}


async def test_uploads_by_those_who_may_not_leave_nothing_behind(working: Api) -> None:
    answer = await upload(working, "stores.csv", STORES, kind="STORES")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    answer = await upload(await working.guest(), "stores.csv", STORES, kind="STORES")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    admin = await working.staff()
    picker = await staff(admin, "PLATFORM", "PICKER")
    answer = await upload(picker, "stores.csv", STORES, kind="STORES")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    large = await upload(admin, "stores.csv", "x" * 100_001, kind="STORES")
    assert "larger than 100000 bytes" in large["errors"][0]["message"]
    empty = await upload(admin, "stores.csv", "", kind="STORES")
    assert empty["data"]["bulkOperationCreate"]["userErrors"][0]["path"] == ["file"]
    unknown = await upload(admin, "stores.pdf", "x", kind="STORES")
    assert unknown["data"]["bulkOperationCreate"]["userErrors"][0]["path"] == ["format"]
    assert files_of(working) == []


OPERATIONS = json.dumps(
    {
        "query": CREATE,
        "variables": {"input": {"file": None, "kind": "STORES", "idempotencyKey": "k"}},
    }
)
MAP = '{"0": ["variables.input.file"]}'
HELLO = '{"query": "query($a: String) { store(code: $a) { id } }", "variables": {"a": null}}'
BAD: list[tuple[list[tuple[str, Any]], str]] = [
    ([("map", MAP), ("operations", OPERATIONS)], "operations, map and then"),
    ([("operations", OPERATIONS)], "operations, map and then"),
    ([("operations", OPERATIONS), ("map", MAP)], "is missing"),
    ([("operations", OPERATIONS), ("map", "{}"), ("0", STORES)], "does not name a file"),
    ([("operations", OPERATIONS), ("map", "[]")], "must name"),
    ([("operations", OPERATIONS), ("map", '{"0": ["query"]}'), ("0", STORES)], "in the variables"),
    ([("operations", OPERATIONS), ("map", '{"0": ["variables.a.b"]}'), ("0", STORES)], "no place"),
    (
        [("operations", OPERATIONS), ("map", '{"0": ["variables.input.kind"]}'), ("0", "x")],
        "null at",
    ),
    ([("operations", "{"), ("map", MAP), ("0", STORES)], "not valid JSON"),
    (
        [("operations", f"[{OPERATIONS}]"), ("map", '{"0": ["variables.a"]}'), ("0", "x")],
        "no place",
    ),
    ([("operations", "x" * 50_001)], "larger than 50000"),
    ([("operations", HELLO), ("map", '{"0": ["variables.a"]}'), ("0", "x")], "String cannot"),
]


async def test_hostile_forms_are_refused(working: Api) -> None:
    admin = await working.staff()
    preflight = {**admin.headers, "Apollo-Require-Preflight": "true"}

    async def send(parts: list[tuple[str, Any]], headers: dict[str, str]) -> str:
        files = [
            (name, (None if name in ("operations", "map") else "a.csv", text))
            for name, text in parts
        ]
        answer = (await admin.client.post("/graphql", headers=headers, files=files)).json()
        message: str = answer["errors"][0]["message"]
        return message

    for parts, says in BAD:
        assert says in await send(parts, preflight), parts
    good = [("operations", OPERATIONS), ("map", MAP), ("0", STORES)]
    assert "Apollo-Require-Preflight" in await send(good, admin.headers)
    for content_type, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\n" + b"x" * 9_000),
    ):
        headers = {**preflight, "Content-Type": content_type}
        answer = await admin.client.post("/graphql", headers=headers, content=body)
        assert answer.status_code == 400, body
    plain = await admin.send(CREATE, input={"file": "x", "kind": "STORES", "idempotencyKey": "k"})
    assert "multipart request" in plain["errors"][0]["message"]
    assert files_of(working) == []
