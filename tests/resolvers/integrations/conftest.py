from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from resolvers.context import Context


@pytest.fixture
def here(ctx: Context, tmp_path: Path) -> Context:
    """The system, with a folder for files of this test's own."""
    settings = dataclasses.replace(ctx.settings, files_folder=str(tmp_path / "files"))
    return dataclasses.replace(ctx, settings=settings)
