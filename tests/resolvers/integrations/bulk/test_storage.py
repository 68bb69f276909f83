"""Files of results: each row once, from where it is certain, and no formula in a spreadsheet."""

from __future__ import annotations

import csv
import os
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from models.errors import InvalidInput, QuintetError
from models.integrations.bulk import BulkOperation
from resolvers.integrations.bulk import storage
from resolvers.integrations.files.file_forms import PARTIAL
from resolvers.integrations.files.reports import RowResult
from settings import Settings

HEADER = ["line", "code", "error", "field", "message"]


@pytest.fixture
def files(tmp_path: Path) -> Settings:
    return Settings(database_url="sqlite://:memory:", files_folder=str(tmp_path / "files"))


@pytest.fixture
def operation() -> BulkOperation:
    return BulkOperation(file="goods.csv", result_bytes=0, error_bytes=0)


def say(error: QuintetError) -> str:
    return f"said: {error}"


def refused(line: int, code: str, *path: str | int, outside: int = 0) -> RowResult:
    return RowResult(line, code, [InvalidInput("Wrong.", path=path)], outside)


def errors(files: Settings, operation: BulkOperation) -> list[list[str]]:
    with storage.errors_of(files, operation).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def results(files: Settings, operation: BulkOperation) -> list[object]:
    lines = storage.results_of(files, operation).read_bytes().splitlines()
    return [orjson.loads(line) for line in lines]


def test_every_row_is_told_and_those_that_failed_a_second_time(
    files: Settings, operation: BulkOperation
) -> None:
    rows = [RowResult(2, "A"), refused(3, "B", "rows", 1, "name", outside=2)]
    lengths = storage.write_results(files, operation, rows, say)
    fault = {"code": "INVALID", "field": "name", "message": "said: Wrong."}
    assert results(files, operation) == [
        {"line": 2, "code": "A", "ok": True},
        {"line": 3, "code": "B", "ok": False, "errors": [fault]},
    ]
    assert errors(files, operation) == [HEADER, ["3", "B", "INVALID", "name", "said: Wrong."]]
    paths = storage.results_of(files, operation), storage.errors_of(files, operation)
    assert lengths == tuple(path.stat().st_size for path in paths)
    assert storage.errors_of(files, operation).read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_was_never_committed_is_written_over(
    files: Settings, operation: BulkOperation
) -> None:
    first = storage.write_results(files, operation, [refused(2, "A", "name")], say)
    operation.result_bytes, operation.error_bytes = first
    lost = [refused(line, "LOST" * 20, "name") for line in range(3, 9)]
    storage.write_results(files, operation, lost, say)
    last = storage.write_results(files, operation, [refused(3, "B", "price")], say)
    assert [row[1] for row in errors(files, operation)] == ["code", "A", "B"]
    assert [row["code"] for row in results(files, operation)] == ["A", "B"]  # type: ignore[index]
    assert b"\xef\xbb\xbf" not in storage.errors_of(files, operation).read_bytes()[3:]
    assert last == tuple(
        path.stat().st_size
        for path in (storage.results_of(files, operation), storage.errors_of(files, operation))
    )


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_as_a_formula_does(
    files: Settings, operation: BulkOperation, mark: str
) -> None:
    row = RowResult(2, f"{mark}1+1", [InvalidInput("Wrong.", path=(f"{mark}2",))])
    storage.write_results(files, operation, [row], lambda error: f"{mark}HYPERLINK(1)")
    (_, cells) = errors(files, operation)
    assert cells == ["2", f"'{mark}1+1", "INVALID", f"'{mark}2", f"'{mark}HYPERLINK(1)"]


@pytest.mark.parametrize("text", ["'=1", "A=1", " =1", "1-1", ""])
def test_what_is_no_formula_is_written_as_it_is(
    files: Settings, operation: BulkOperation, text: str
) -> None:
    storage.write_results(files, operation, [refused(2, text, "name")], say)
    assert errors(files, operation)[1][1] == text


def test_the_lines_that_were_converted_are_read_in_place_of_the_file(
    files: Settings, operation: BulkOperation
) -> None:
    assert storage.lines_of(files, operation) == storage.source_of(files, operation)
    converted = storage.converted_of(files, operation)
    converted.write_text("converted")
    assert storage.lines_of(files, operation) == converted


def test_an_operation_takes_all_of_its_files_with_it_and_nobody_elses(
    files: Settings, operation: BulkOperation
) -> None:
    converted = storage.converted_of(files, operation)
    partial = converted.with_name(f"{converted.name}.1{PARTIAL}")
    other = storage.source_of(files, BulkOperation(file="other.csv"))
    for path in (storage.source_of(files, operation), converted, partial, other):
        path.write_text("a file")
    storage.write_results(files, operation, [refused(2, "A", "name")], say)
    storage.remove_partial(files, operation)
    assert not partial.exists()
    assert converted.exists()
    partial.write_text("a file")
    storage.remove(files, operation)
    assert list(other.parent.iterdir()) == [other]
    storage.remove(files, operation)


def test_a_file_that_another_process_removes_first_is_no_fault(
    files: Settings, operation: BulkOperation, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = storage.incoming(files) / "gone"
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [gone])
    storage.remove_partial(files, operation)
    gone.write_text("an upload")

    def now() -> float:
        gone.unlink()
        return time.time() + 1_000

    monkeypatch.setattr(storage, "time", now)
    assert storage.remove_stale_uploads(files, 60) == 1


def test_only_uploads_that_came_long_ago_are_removed(
    files: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "time", lambda: 1_000_000.0)
    assert storage.remove_stale_uploads(files, 60) == 0
    old, new = (storage.incoming(files) / name for name in ("old", "new"))
    for path, age in ((old, 61), (new, 60)):
        path.write_text("an upload")
        os.utime(path, (1_000_000 - age,) * 2)
    elsewhere = replace(files, files_folder=str(Path(files.files_folder) / "elsewhere"))
    assert storage.remove_stale_uploads(elsewhere, 60) == 0
    assert storage.remove_stale_uploads(files, 60) == 1
    assert list(old.parent.iterdir()) == [new]
