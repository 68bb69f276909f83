from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    """What one test has forgotten to await is found in that test, not in a later one."""
    gc.collect()
    yield
    gc.collect()
