"""The product keeps the laws of the house, and each law's check finds its breach."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.house import laws
from tests.house.source import Module, product

Law = Callable[[list[Module]], Iterator[str]]

LAWS: list[Law] = [
    laws.own_transactions,
    laws.impure_rules,
    laws.graphql_below_the_schema,
    laws.upward_imports,
    laws.swallowed_errors,
    laws.leftover_marks,
    laws.orm_signals,
    laws.whole_saves,
    laws.environment_reads,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_product_keeps(law: Law) -> None:
    assert list(law(product())) == []


BREACHES = [
    (laws.own_transactions, "resolvers/a.py", "from tortoise.transactions import in_transaction"),
    (
        laws.own_transactions,
        "models/stock/a.py",
        "async with connection._in_transaction() as c: ...",
    ),
    (laws.own_transactions, "server.py", "@transactions.atomic()\nasync def f(): ..."),
    (laws.own_transactions, "models/orders/a.py", "connection.execute_script('BEGIN IMMEDIATE')"),
    (laws.impure_rules, "models/stock/rules.py", "from tortoise import fields"),
    (laws.impure_rules, "models/money.py", "import strawberry.types"),
    (laws.impure_rules, "models/orders/pricing.py", "from random import choice"),
    (laws.impure_rules, "models/orders/pickup.py", "import secrets"),
    (laws.impure_rules, "models/orders/states.py", "from resolvers.orders import cancel"),
    (laws.impure_rules, "models/stores/hours.py", "now = datetime.now(UTC)"),
    (laws.impure_rules, "models/stores/hours.py", "now = datetime.datetime.utcnow()"),
    (laws.impure_rules, "models/stores/hours.py", "import time\nnow = time.time()"),
    (laws.impure_rules, "models/stores/hours.py", "from time import time\nnow = time()"),
    (laws.impure_rules, "models/numbers.py", "import uuid\nuuid.uuid4()"),
    (laws.impure_rules, "models/numbers.py", "from os import urandom"),
    (laws.graphql_below_the_schema, "resolvers/orders/a.py", "import strawberry"),
    (laws.graphql_below_the_schema, "server.py", "from strawberry.asgi import GraphQL"),
    (laws.upward_imports, "resolvers/a.py", "from server import app"),
    (laws.upward_imports, "models/a.py", "import cli"),
    (laws.swallowed_errors, "gateways/a.py", "try:\n    f()\nexcept OSError:\n    pass"),
    (laws.swallowed_errors, "gateways/a.py", "try:\n    f()\nexcept OSError:\n    ..."),
    (laws.swallowed_errors, "cli.py", "with contextlib.suppress(Exception):\n    f()"),
    (laws.leftover_marks, "schema/a.py", "x = 1  # TO" + "DO: more"),
    (laws.leftover_marks, "schema/a.py", "raise NotImplemented" + "Error"),
    (laws.orm_signals, "models/stock/a.py", "from tortoise.signals import post_save"),
    (laws.whole_saves, "resolvers/a.py", "async def f(row):\n    await row.save()"),
    (laws.environment_reads, "gateways/a.py", "import os\nkey = os.environ['QUINTET_KEY']"),
]


@pytest.mark.parametrize(("law", "path", "text"), BREACHES)
def test_a_breach_is_found(sample, law: Law, path: str, text: str) -> None:
    assert any(complaint.startswith(path) for complaint in law(sample(path, text)))


ALLOWED = [
    (
        laws.own_transactions,
        "models/database.py",
        "from tortoise.transactions import in_transaction",
    ),
    (laws.own_transactions, "models/stock/ledger.py", "COMMIT = 'COMMIT'"),
    (laws.own_transactions, "resolvers/a.py", "'Begin with the nearest store.'"),
    (laws.impure_rules, "models/stock/levels.py", "from tortoise import fields"),
    (laws.impure_rules, "models/stores/hours.py", "def f(now: datetime): return now.time()"),
    (laws.graphql_below_the_schema, "schema/a.py", "import strawberry"),
    (laws.upward_imports, "resolvers/a.py", "from gateways import Gateways"),
    (laws.swallowed_errors, "gateways/a.py", "try:\n    f()\nexcept OSError:\n    return None"),
    (laws.environment_reads, "settings.py", "import os\nos.environ['QUINTET_KEY']"),
]


@pytest.mark.parametrize(("law", "path", "text"), ALLOWED)
def test_what_is_allowed_is_left_alone(sample, law: Law, path: str, text: str) -> None:
    assert list(law(sample(path, text))) == []


def test_a_rule_may_not_reach_the_orm_through_another_module(sample) -> None:
    sample("models/stock/levels.py", "from tortoise.models import Model")
    modules = sample("models/stock/rules.py", "from models.stock.levels import StockLevel")
    assert list(laws.impure_rules(modules)) == [
        "models/stock/levels.py:1: imports tortoise.models.Model"
    ]
