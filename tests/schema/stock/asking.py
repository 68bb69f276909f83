"""Sending a stock mutation, whatever it is given, and seeing what it did."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLNonNull
from tortoise import Tortoise

from models.database import fetch
from schema import schema
from tests.make.api import Api

STOCK = (
    "stock_", "transfer", "stocktake", "safety_", "document_", "supplier", "purchase_",
    "idempotency_record", "outbox_event", "serial_",
)  # fmt: skip
DOCUMENTS = ("transfer", "stocktake", "purchaseOrder", "supplierReturn")


def text(mutation: str) -> str:
    kind = schema._schema.mutation_type.fields[mutation]  # type: ignore[union-attr]
    payload = kind.type.of_type if isinstance(kind.type, GraphQLNonNull) else kind.type
    node = next((name for name in payload.fields if name in DOCUMENTS), None)
    return (
        f"mutation($input: {kind.args['input'].type}) {{ {mutation}(input: $input)"
        f" {{ {f'{node} {{ id }}' if node else ''} userErrors {{ code message path }} }} }}"
    )


async def made(who: Api, mutation: str, given: dict[str, Any]) -> str:
    """The ID of the document that the mutation makes or changes."""
    (payload,) = (await who.ask(text(mutation), input=given)).values()
    assert payload["userErrors"] == [], payload
    (node,) = (value for name, value in payload.items() if name != "userErrors")
    return node["id"]  # type: ignore[no-any-return]


def refusals(answer: dict[str, Any]) -> list[tuple[str, tuple[str, ...] | None]]:
    """Code and path of whatever is said to be wrong; a path is None where GraphQL itself refused."""
    if "errors" in answer:
        return [(error["extensions"]["code"], None) for error in answer["errors"]]
    (payload,) = answer["data"].values()
    return [(error["code"], tuple(error["path"] or ())) for error in payload["userErrors"]]


async def digest() -> dict[str, Any]:
    """Every row that stock is made of; the feed's own numbering of its changes aside."""
    found: dict[str, Any] = {}
    for model in Tortoise.apps["models"].values():
        table = model._meta.db_table
        if table.startswith(STOCK):
            columns = "id" if table == "outbox_event" else "*"
            found[table] = await fetch(f"SELECT {columns} FROM {table} ORDER BY id")
    return found
