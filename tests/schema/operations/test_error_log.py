"""However many cells of an answer fail, the log holds one traceback for each cause."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from strawberry.types import get_object_definition

from models.catalog.products import ProductStatus
from models.catalog.products import Variant as VariantRow
from models.database_faults import fault_of
from models.errors import InvalidInput, NotFound
from resolvers.catalog.products import products
from resolvers.context import Actor, Context
from schema.batching import BATCH, batched
from schema.errors import InsufficientStockError, format_error
from schema.execution.executor import CompiledExecutor
from schema.operations import error_log
from schema.operations.answering import MOST_ERRORS
from schema.operations.operations import Operations
from tests.make.api import Api
from tests.make.goods import a_product, put

PARENTS = 5_000


class Lines:
    """Stands in for the logger: what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def error(self, event: str, **values: Any) -> None:
        self.told.append({"event": event, **values})


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines = Lines()
    monkeypatch.setattr(error_log, "log", lines)
    return lines


@strawberry.type
class Part:
    number: int

    @batched
    @staticmethod
    async def price(parents: list[Any], ctx: Any) -> list[int]:
        """Fails as a whole."""
        raise LookupError("no prices")

    @batched
    @staticmethod
    async def weight(parents: list[Any], ctx: Any) -> list[int]:
        """Fails for each parent by an exception of its own."""
        return [_weight(each.number) for each in parents]

    @batched
    @staticmethod
    async def length(parents: list[Any], ctx: Any) -> list[int]:
        """Refuses."""
        raise InvalidInput("No length.")

    @batched
    @staticmethod
    async def stored(parents: list[Any], ctx: Any) -> list[int]:
        """The database is away."""
        raise ConnectionRefusedError


def _weight(number: int) -> Any:
    try:
        raise ArithmeticError(f"weight of {number}")
    except ArithmeticError as error:
        return error


@strawberry.type
class Query:
    @strawberry.field
    def parts(self, count: int = PARENTS) -> list[Part | None]:
        return [Part(number=number) for number in range(count)]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def parts(self) -> AsyncGenerator[list[Part | None], None]:
        for _ in range(2):
            yield [Part(number=number) for number in range(20)]


_schema = strawberry.Schema(Query, subscription=Subscription)


async def no_context(connection: object, params: object) -> Any:
    raise AssertionError("contexts are given here")


def operations(executor: str) -> Operations[Any]:
    execute = CompiledExecutor(_schema) if executor == "compiled" else None
    report: Any = error_log.report_errors
    return Operations(_schema, no_context, format_error, execute=execute, report=report)


def context() -> Any:
    return SimpleNamespace(request_id="r1", language="en", memory={})


async def ask(executor: str, query: str) -> dict[str, Any]:
    run = operations(executor)
    operation = run.documents.prepare(query).operation(None)
    return (await run.answer(operation, {}, None, context())).body


@pytest.mark.parametrize("executor", ["compiled", "graphql-core"])
async def test_a_loader_that_fails_for_many_parents_is_logged_once_a_request(
    executor: str, lines: Lines
) -> None:
    body = await ask(executor, "{ parts { price } }")
    assert body["data"]["parts"] == [None] * PARENTS
    assert len(body["errors"]) == MOST_ERRORS + 1
    (line,) = lines.told
    assert isinstance(line["exc_info"], LookupError)
    assert line["request_id"] == "r1"
    assert line["path"] == ["parts", 0, "price"]
    assert MOST_ERRORS < line["cells"] <= PARENTS
    await ask(executor, "{ parts(count: 3) { price } }")
    assert [each["cells"] for each in lines.told[1:]] == [3]


@pytest.mark.parametrize("executor", ["compiled", "graphql-core"])
async def test_two_causes_are_two_lines_and_what_is_foreseen_none(
    executor: str, lines: Lines
) -> None:
    await ask(executor, "{ parts(count: 50) { weight } again: parts(count: 50) { price } }")
    assert {(type(each["exc_info"]), each["cells"]) for each in lines.told} == {
        (ArithmeticError, 50),
        (LookupError, 50),
    }
    assert len(lines.told) == 2
    assert fault_of(ConnectionRefusedError()) is not None
    await ask(executor, "{ parts(count: 50) { length } again: parts(count: 50) { stored } }")
    assert len(lines.told) == 2


async def test_each_event_of_a_subscription_logs_a_cause_once(lines: Lines) -> None:
    run = operations("compiled")
    operation = run.documents.prepare("subscription { parts { weight } }").operation(None)
    bodies = [each.body async for each in run.answers(operation, {}, None, context())]
    assert [len(body["errors"]) for body in bodies] == [20, 20]
    assert [each["cells"] for each in lines.told] == [20, 20]


async def test_the_server_logs_so_over_http(
    api: Api, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*arguments: object) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr(products, "find", broken)
    body = await api.send(
        "{ " + " ".join(f'p{n}: product(code: "{n}") {{ id }}' for n in range(5)) + " }"
    )
    assert "secret" not in str(body)
    assert [each["extensions"]["code"] for each in body["errors"]] == ["INTERNAL"] * 5
    assert [(each["cells"], type(each["exc_info"])) for each in lines.told] == [(5, KeyError)]


async def test_each_error_about_stock_has_its_own_variant_also_of_a_draft(ctx: Context) -> None:
    drafts = {"status": ProductStatus.DRAFT}
    await put(ctx, a_product("P1"), a_product("P2", **drafts), a_product("P3"))
    ids = [each.id for each in await VariantRow.all().order_by("sku")]
    fields = get_object_definition(InsufficientStockError, strict=True).fields
    (field,) = [each for each in fields if each.python_name == "variant"]
    errors = [SimpleNamespace(variant_id=row_id) for row_id in reversed(ids)]
    stranger = replace(ctx, actor=Actor(), memory={})
    found = await field.metadata[BATCH](errors, stranger)
    assert [each.row.sku for each in found] == ["P3", "P2", "P1"]


async def test_a_missing_variant_is_the_error_of_its_own_parent(ctx: Context) -> None:
    await put(ctx, a_product("P1"), a_product("P2"))
    first, second = [each.id for each in await VariantRow.all().order_by("sku")]
    fields = get_object_definition(InsufficientStockError, strict=True).fields
    (field,) = [each for each in fields if each.python_name == "variant"]
    errors = [SimpleNamespace(variant_id=row_id) for row_id in (first, 10**9, second)]
    before, missing, after = await field.metadata[BATCH](errors, ctx)
    assert [before.row.sku, after.row.sku] == ["P1", "P2"]
    assert isinstance(missing, NotFound)
