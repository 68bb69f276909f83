"""The tree of an earlier commit, to run beside this one."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"## Migrations that need a stop\n(.*?)(?=\n## |\Z)", re.DOTALL)
NAME = re.compile(r"`(\d{4}_\w+)`")


def earlier_tree(folder: Path) -> Path:
    """Lay the earlier commit's files below `folder`; skip the test where there is none to run."""
    commit = os.environ.get("QUINTET_TEST_EARLIER") or earlier_commit()
    if commit is None:
        pytest.skip("this is no clone with an earlier commit")
    archive = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    names = {path.stem for path in (folder / "migrations").glob("[0-9]*.py")}
    now = {path.stem for path in (ROOT / "migrations").glob("[0-9]*.py")}
    if names - now:
        pytest.skip(f"the earlier commit has another history: {', '.join(sorted(names - now))}")
    section = SECTION.search((ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8"))
    assert section is not None
    if stops := set(NAME.findall(section[1])) & (now - names):
        pytest.skip(
            f"since the earlier commit a migration needs a stop: {', '.join(sorted(stops))}"
        )
    return folder


def earlier_commit() -> str | None:
    """The newest main that is not this very commit, else the commit before."""
    main, here = _commit("origin/main"), _commit("HEAD")
    return main if main and main != here else _commit("HEAD~1")


def _commit(name: str) -> str | None:
    found = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None
