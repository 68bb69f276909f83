"""A small tree of bad samples: what shows that a check can fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.house.source import Module, product

Sample = Callable[[str, str], list[Module]]


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Writes one file into an empty tree and answers the tree's modules."""

    def write(path: str, text: str) -> list[Module]:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return product(tmp_path)

    return write
