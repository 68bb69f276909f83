"""Looking up the IDs of one operation that are written as kind and code, before it runs."""

from __future__ import annotations

from typing import TypeVar

import strawberry

from models.errors import Refusal
from schema.execution.variables import Variables, are_long, in_thread_if
from schema.nodes.coded_ids import IdPlaces
from schema.nodes.nodes import name_ids
from schema.operations.documents.documents import Operation
from schema.operations.hooks import NameCodes

C = TypeVar("C")


async def look_up(
    schema: strawberry.Schema,
    operation: Operation,
    variables: Variables,
    find: NameCodes[C],
    context: C,
) -> Refusal | None:
    """Tell `schema.nodes.nodes` what the operation names by code. Return why not, such as for too many."""
    places = operation.id_places
    if places is None:
        places = IdPlaces(schema._schema, operation.document, operation.node)
        operation.id_places = places
    try:
        codes = await in_thread_if(are_long(variables), places.codes, variables)
        name_ids(await find(context, codes) if codes else {})
    except Refusal as refusal:
        return refusal
    return None
