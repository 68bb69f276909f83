"""The cost of execution with free resolvers: the compiled plan compared with graphql-core.

`python -m benchmarks.execution`: 20 products with 3 variants each, batch fields for variants, price and
availability. The figure is the CPU time of the process, the best of several rounds; other load on the
machine affects all of them.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

import strawberry
from graphql import parse

from schema.batching import batched
from schema.execution import CompiledExecutor
from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Execute

ROUNDS = 15
QUERY = """
query ProductList($first: Int!) {
  products(first: $first) { id name slug variants { sku price available } }
}"""
VARIABLES = {"first": 20}


class Request:
    """The context of one execution, which holds graphql-core's loaders."""

    def __init__(self) -> None:
        self.memory: dict[Any, Any] = {}


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Variant(Node):
    sku: str

    @batched
    @staticmethod
    async def price(parents: list[Variant], ctx: Request) -> list[int]:
        return [1999] * len(parents)

    @batched
    @staticmethod
    async def available(parents: list[Variant], ctx: Request) -> list[int]:
        return [7] * len(parents)


@strawberry.type
class Product(Node):
    name: str
    slug: str
    of_this: strawberry.Private[list[Variant]]

    @batched
    @staticmethod
    async def variants(parents: list[Product], ctx: Request) -> list[list[Variant]]:
        return [parent.of_this for parent in parents]


def product(number: int) -> Product:
    variants = [
        Variant(id=strawberry.ID(f"{number}-{n}"), sku=f"SKU-{number}-{n}") for n in range(3)
    ]
    return Product(
        id=strawberry.ID(str(number)),
        name=f"Product {number}",
        slug=f"product-{number}",
        of_this=variants,
    )


PRODUCTS = [product(number) for number in range(20)]


@strawberry.type
class Query:
    @strawberry.field
    async def products(self, first: int) -> list[Product]:
        return PRODUCTS[:first]


async def cpu_ms(execute: Execute, executions: int) -> float:
    """Return the CPU milliseconds of one execution."""
    document = parse(QUERY)
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(executions):
            await execute(document, VARIABLES, None, Request())
        best = min(best, (time.process_time() - start) / executions)
    return best * 1000


async def compare() -> None:
    schema = strawberry.Schema(Query)
    compiled, core = CompiledExecutor(schema), GraphQLCoreExecutor(schema)
    document = parse(QUERY)
    answers = [await each(document, VARIABLES, None, Request()) for each in (compiled, core)]
    assert answers[0] == answers[1]
    assert answers[0].errors is None
    print(f"compiled plan          {await cpu_ms(compiled, 500):8.3f} ms")
    print(f"graphql-core, loaders  {await cpu_ms(core, 20):8.3f} ms")


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 0, 1_000)  # as the server does
    asyncio.run(compare())
