"""The operator's commands, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.make.command_line import run


@pytest.mark.own_database
def test_a_backup_is_taken_and_restored(database_url: str, tmp_path: Path) -> None:
    target = str(tmp_path / "shop.backup")
    folder = {"QUINTET_FILES_FOLDER": str(tmp_path / "files")}
    assert run("seed", database_url=database_url).returncode == 0
    done = run("backup", target, database_url=database_url, **folder)
    assert (done.returncode, "There is no folder of files" in done.stderr) == (2, True)
    (tmp_path / "files").mkdir()
    done = run("backup", target, database_url=database_url, **folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{target}: " in done.stdout
    assert "QUINTET_SECRET_KEY and QUINTET_DATA_KEYS" in done.stdout
    done = run("restore", target, database_url=database_url, **folder)
    assert (done.returncode, "not empty" in done.stderr) == (2, True)
    (tmp_path / "files" / "later.csv").touch()
    done = run("restore", target, "--force", database_url=database_url, **folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        f"The backup holds no files: those in {tmp_path / 'files'} are as they were." in done.stdout
    )
    assert (tmp_path / "files" / "later.csv").exists()
    assert "levels finds nothing." in done.stdout
    done = run("doctor", database_url=database_url, **folder)
    assert (done.returncode, "✗" in done.stdout) == (0, False)


def test_a_backup_that_cannot_be_written_blames_its_own_path(
    database_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "none" / "b.backup"
    folder = {"QUINTET_FILES_FOLDER": str(tmp_path)}
    done = run("backup", str(target), database_url=database_url, **folder)
    assert done.returncode == 2
    assert done.stderr == f"{target} cannot be written: No such file or directory.\n"


def test_the_doctor_says_what_is_wrong_in_both_ways(database_url: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "none.db"
    done = run("doctor", database_url=f"sqlite://{nowhere}")
    assert done.returncode == 1
    assert "✗ database: There is no such file yet." in done.stdout
    assert "→ Run: python cli.py migrate" in done.stdout
    assert not nowhere.exists()
    done = run("doctor", "--json", database_url=database_url, QUINTET_PORT="none")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (done.returncode, finding["name"], finding["level"]) == (1, "settings", "error")
    done = run("doctor", "--json", database_url="postgres://nobody:hidden@127.0.0.1:1/none")
    found = {each["name"]: each["level"] for each in json.loads(done.stdout)["findings"]}
    assert (done.returncode, found["database"], found["open files"]) == (1, "error", "ok")
    assert "hidden" not in done.stdout + done.stderr
