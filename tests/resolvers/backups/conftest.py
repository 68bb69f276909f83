"""A shop to be backed up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from settings import Settings


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a shop with a folder of files."""
    folder = tmp_path / "shop-files"
    folder.mkdir()
    return replace(settings, files_folder=str(folder))
