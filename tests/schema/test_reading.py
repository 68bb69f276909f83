"""Which queries a replica may answer: the public's for the catalogue, but never what is in stock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest
from graphql import parse, validate
from graphql.utilities import get_operation_ast

from schema import schema
from schema.operations.cacheable_fields import begins_public
from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.databases import POSTGRES, named, on_server
from tests.make.shop import open_shop

SHOWN = "{ products(first: 2) { edges { node { name variants { sku available } } } } }"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SHOWN, True),
        (
            "query { ...Q } fragment Q on Query { brands { name } ... { categories { name } } }",
            True,
        ),
        ("{ __typename }", True),
        ("{ brands { name } viewer { channel } }", False),
        (
            "query { ...Q } fragment Q on Query { brands { name } ... { viewer { channel } } }",
            False,
        ),
        ("mutation { guestSignIn { accessToken } }", False),
        ("mutation { __typename }", False),
        ("{ stores(first: 1) { edges { node { name } } } }", False),
    ],
)
def test_an_operation_begins_public_when_its_first_fields_are(query: str, expected: bool) -> None:
    parsed = parse(query)
    assert validate(schema._schema, parsed) == []
    operation = get_operation_ast(parsed)
    assert operation
    assert begins_public(schema._schema, parsed, operation) is expected


@pytest.mark.own_database
@pytest.mark.skipif(not POSTGRES, reason="SQLite has no replica")
async def test_the_public_reads_the_catalogue_from_the_replica_and_stock_from_the_primary(
    settings: Settings,
) -> None:
    async with serving(settings) as api:
        await open_shop(await api.staff(), pieces=5)
    primary = urlsplit(settings.database_url).path.lstrip("/")
    replica = f"{primary}_replica"
    await on_server(f'CREATE DATABASE "{replica}" TEMPLATE "{primary}"')
    connection = await asyncpg.connect(named(replica))
    await connection.execute(
        "UPDATE product SET name = 'older'; UPDATE stock_level SET available = 99"
    )
    await connection.close()

    async with serving(replace(settings, replica_url=named(replica))) as api:
        guest, admin = await api.guest(), await api.staff()
        for _ in range(600):  # until the replica has been found to keep up
            if (shown := await shown_to(api)) == ("older", 5):
                break
            await asyncio.sleep(0.1)
        assert shown == await shown_to(guest) == ("older", 5)
        assert await shown_to(admin) == ("纯牛奶", 5)
        await on_server(f'DROP DATABASE "{replica}" WITH (FORCE)')
        assert await shown_to(api) == await shown_to(guest) == ("纯牛奶", 5)


async def shown_to(api: Api) -> tuple[str, int]:
    (edge,) = (await api.ask(SHOWN))["products"]["edges"]
    return edge["node"]["name"], edge["node"]["variants"][0]["available"]
