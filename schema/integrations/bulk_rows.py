"""Rows of JSON files, as the mutations take them: one row of `catalogUpsert` and the like a line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLNonNull,
    coerce_input_value,
    validate_input_value,
)
from strawberry.types.arguments import convert_argument

from models.errors import InvalidInput
from models.integrations.bulk import BulkKind
from schema.catalog.inputs import ProductUpsertRow
from schema.catalog.price_inputs import PriceSetRow
from schema.nulls import nulls_in
from schema.stock.inputs import StockSetRow
from schema.stores.inputs import StoreUpsertRow

ROWS: dict[BulkKind, type[Any]] = {
    BulkKind.CATALOG: ProductUpsertRow,
    BulkKind.PRICES: PriceSetRow,
    BulkKind.STOCK: StockSetRow,
    BulkKind.STORES: StoreUpsertRow,
}

_NULL = "not to be None"  # so graphql-core speaks of a null


def draft_of(kind: BulkKind, value: Any) -> Any:
    """Raises: InvalidInput naming the field at fault."""
    from schema import schema

    def refuse(error: GraphQLError, path: Sequence[str | int]) -> None:
        if _NULL in error.message:
            raise InvalidInput("This must not be null.", path=tuple(path))
        raise InvalidInput("{problem}", path=tuple(path), problem=error.message[:200])

    if not isinstance(value, dict):
        raise InvalidInput(
            "A line is one JSON object, such as {example}.", example='{"sku": "MILK-1L"}'
        )
    input_type = _input_type(kind)
    validate_input_value(value, GraphQLNonNull(input_type), refuse)
    row: Any = convert_argument(
        coerce_input_value(value, input_type),
        ROWS[kind],
        schema.schema_converter.scalar_registry,
        schema.config,
    )
    for refusal in nulls_in(row):
        raise refusal
    return row.draft()


@cache
def _input_type(kind: BulkKind) -> GraphQLInputObjectType:
    from schema import schema

    found = schema._schema.type_map[ROWS[kind].__name__]
    assert isinstance(found, GraphQLInputObjectType)  # noqa: S101 - they are inputs of mutations
    return found
