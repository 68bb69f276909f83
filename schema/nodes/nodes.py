"""Global IDs: `Product:7` in URL-safe base64. Every node can be fetched again by its ID alone.

An ID may also be given as kind and code, `store:S01`: those of an operation are looked up before it runs.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar

import strawberry

from models.errors import InvalidInput
from models.text.digits import whole_number
from resolvers.context import Context
from resolvers.node_codes import NodeKey, is_coded
from resolvers.node_ids import node_id


@strawberry.interface(description="Anything that has an ID of its own.")
class Node:
    id: strawberry.ID

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Any]:
        """The nodes with these row IDs that rows lead to which the caller has been shown.

        None for each that is not there or not for this caller.
        """
        raise TypeError(f"{cls.__name__} cannot be fetched by ID")

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Any]:
        """The nodes with these row IDs for a caller who gives nothing but the ID: `node` and `nodes`.

        A type whose `load` shows more than a stranger may see has one of its own.
        """
        return await cls.load(ctx, ids)

    kinds: ClassVar[dict[str, type[Node]]] = {}

    def __init_subclass__(cls, *, kind: bool = True, **options: Any) -> None:
        super().__init_subclass__(**options)
        if kind:
            Node.kinds[cls.__name__] = cls


@strawberry.interface(description="A node with a number that people say to each other.")
class Document(Node, kind=False):
    id: strawberry.ID
    number: str = strawberry.field(description="What people call it.")


def global_id(kind: str, row_id: int) -> strawberry.ID:
    return strawberry.ID(node_id(kind, row_id))


_named: ContextVar[Mapping[str, NodeKey]] = ContextVar("IDs written as kind and code")


def name_ids(found: Mapping[str, NodeKey]) -> None:
    """Take these for the IDs that are written as kind and code, in this task and those it begins."""
    _named.set(found)


def split_id(text: str) -> NodeKey | None:
    """Kind and row ID, or None when it is no ID of ours."""
    if is_coded(text):
        return _named.get({}).get(text)
    try:
        decoded = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    kind, _, number = decoded.partition(":")
    row = whole_number(number)
    return None if row is None else (kind, row)


def row_id(text: str, *kinds: str, path: Sequence[str | int] = ("id",)) -> int:
    """The row ID in a global ID of one of `kinds`.

    Raises: InvalidInput naming `path` for anything else.
    """
    found = split_id(text)
    if found is None or found[0] not in kinds:
        raise InvalidInput(template_of(kinds), path=path, kind=" or ".join(kinds))
    return found[1]


def template_of(kinds: Sequence[str]) -> str:
    """What is said of an ID of no such kind, with the article that the first of them takes."""
    if kinds[0][0] in "AEIO":
        return "This is not the ID of an {kind}."
    return "This is not the ID of a {kind}."


def optional_row_id(
    text: str | None, *kinds: str, path: Sequence[str | int] = ("id",)
) -> int | None:
    return None if text is None else row_id(text, *kinds, path=path)


def document_of(text: str, *path: str | int) -> tuple[str, int]:
    """Kind and row ID of any node, such as `("Order", 7)`. Raises: InvalidInput naming `path`."""
    if (found := split_id(text)) is None or found[0] not in Node.kinds:
        raise InvalidInput("This is not the ID of a document.", path=path)
    return found
