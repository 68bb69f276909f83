"""A database of before, where the nodes of warehouses are of the same kind as those of stores."""

from __future__ import annotations

from importlib import import_module

import pytest

from models.database import execute, fetch
from models.migrating import migrate
from models.stores.locations import LocationKind
from resolvers.context import Context
from tests.make.stock import a_location

PLACES = "0027_places"


def before() -> str:
    [(_, name)] = import_module(f"migrations.{PLACES}").Migration.dependencies
    return str(name)


async def kinds() -> dict[str, str]:
    rows = await fetch("SELECT code, kind FROM organisation WHERE code IN ('S', 'W', 'BOTH')")
    return {row["code"]: row["kind"] for row in rows}


@pytest.mark.own_database
async def test_the_own_nodes_of_warehouses_become_theirs_and_others_stay(ctx: Context) -> None:
    await a_location(ctx, "S")
    await a_location(ctx, "W", kind=LocationKind.WAREHOUSE)
    await a_location(ctx, "BOTH", kind=LocationKind.WAREHOUSE)
    await execute("UPDATE organisation SET kind = 'REGION' WHERE code = 'BOTH'")
    await migrate(before())
    assert await kinds() == {"S": "STORE", "W": "STORE", "BOTH": "REGION"}
    await migrate()
    assert await kinds() == {"S": "STORE", "W": "WAREHOUSE", "BOTH": "REGION"}
