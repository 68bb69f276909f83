"""One factory for the mutations of stock documents: each returns the document, or why nothing changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import Any

import strawberry

from schema.errors import UserError, refusing
from schema.stock.documents.interface import StockDocument


@functools.cache
def payload_of(document: type[Any]) -> Any:
    """Return the payload type of a kind, such as `TransferPayload { transfer userErrors }`."""
    body: dict[str, Any] = {
        "__annotations__": {
            _field_of(document): document | None,
            "user_errors": list[UserError],
        },
        "__module__": __name__,
        _field_of(document): None,
        "user_errors": field(default_factory=list),
    }
    return strawberry.type(type(f"{document.__name__}Payload", (), body))


def changing(document: type[StockDocument]) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """Declare a mutation by a method that returns the row of the document it has created or changed.

    The mutation returns the payload of the document's kind. A refusal becomes its `userErrors`.
    """
    payload = payload_of(document)  # type: ignore[arg-type]  # its objects have no hash, the class has

    def decorate(mutation: Callable[..., Awaitable[Any]]) -> Any:
        @functools.wraps(mutation)
        async def changed(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
            row = await mutation(self, info, **arguments)
            return payload(**{_field_of(document): document.of(row)})

        changed.__annotations__ = {**mutation.__annotations__, "return": payload}
        changed.__signature__ = inspect.signature(mutation).replace(  # type: ignore[attr-defined]
            return_annotation=payload
        )
        return refusing(payload)(changed)

    return decorate


def _field_of(document: type[Any]) -> str:
    return str(document.kind.model._meta.db_table)
