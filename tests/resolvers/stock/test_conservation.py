"""Whatever is done in whatever order, every piece is somewhere, and the ledger says how it came there.

`QUINTET_TEST_MACHINES` says how many histories are tried.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from tests.make.databases import POSTGRES, named
from tests.resolvers.stock.machine.buying import Buying
from tests.resolvers.stock.machine.counting import Counting
from tests.resolvers.stock.machine.moving import Moving
from tests.resolvers.stock.machine.owing import Owing
from tests.resolvers.stock.machine.valuing import Valuing

EXAMPLES = int(os.environ.get("QUINTET_TEST_MACHINES", "5" if POSTGRES else "10"))
STEPS = 100


class Shop(Owing, Counting, Moving, Buying, Valuing):
    """Everything that can be done with stock."""


@pytest.fixture
def fresh(request: pytest.FixtureRequest, template: str, tmp_path: Path) -> Callable[[], str]:
    """Answers the URL of an empty database, each time it is called."""
    if POSTGRES:
        databases = request.getfixturevalue("postgres_databases")
        return lambda: named(databases.shared())
    path = tmp_path / "quintet.db"

    def copy() -> str:
        for leftover in tmp_path.glob("quintet.db*"):
            leftover.unlink()
        return f"sqlite://{shutil.copy(template, path)}"

    return copy


def test_no_piece_is_lost_or_made(fresh: Callable[[], str]) -> None:
    machine = type("Shop", (Shop,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
