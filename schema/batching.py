"""Batch resolvers: a field that needs the database takes all parents and answers all results.

One declaration serves graphql-core, through a loader that gathers the parents of one field in one
answer, and any executor that walks level by level and calls `batch` itself.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from schema.sameness import keys_of

BatchFunction = Callable[..., Awaitable[Sequence[Any]]]
BATCH = "batch"


def batched(declared: Any) -> Any:
    """Declare a field by a static method `async def name(parents, ctx, **arguments) -> list[Result]`.

    The results stand in the order of the parents. An exception among them is that parent's error.
    """
    function: BatchFunction = declared.__func__
    parameters = list(inspect.signature(function).parameters.values())[2:]

    async def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return await loader_of(info, function, arguments).load(root)

    own = [
        inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter(
            "info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info
        ),
    ]
    keyword_only = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters
    ]
    answer = _item(function.__annotations__["return"])
    resolve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*own, *keyword_only], return_annotation=answer
    )
    resolve.__annotations__ = {
        "info": strawberry.Info,
        "return": answer,
        **{parameter.name: parameter.annotation for parameter in parameters},
    }
    resolve.__name__ = function.__name__
    resolve.__module__ = function.__module__
    resolve.__doc__ = function.__doc__
    field: StrawberryField = strawberry.field(
        resolve, description=inspect.getdoc(function), metadata={BATCH: function}
    )
    return field


class _Loader:
    """Gathers the parents that ask in one turn of the event loop, then asks the batch function once."""

    def __init__(self, function: BatchFunction, ctx: Any, arguments: dict[str, Any]) -> None:
        self._ask: BatchFunction = partial(function, ctx=ctx, **arguments)
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._known: dict[Any, tuple[Any, Any]] = {}  # parents, which must stay, and their results

    def load(self, parent: Any) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if not self._waiting:
            # Twice: parents of one level may resolve a step apart from each other.
            loop.call_soon(loop.call_soon, lambda: loop.create_task(self._answer()))
        self._waiting.append((parent, future))
        return future

    async def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        parents = [parent for parent, _ in waiting]
        try:
            results = await self._results(parents)
        except Exception as error:  # noqa: BLE001 - it is handed to every parent that waits
            results = [error] * len(waiting)
        for (_, future), result in zip(waiting, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    async def _results(self, parents: list[Any]) -> Sequence[Any]:
        """Ask once about parents that are the same. Raises: ValueError unless there is one result each."""
        keys = keys_of(parents)
        new = {
            key: parent for key, parent in zip(keys, parents, strict=True) if key not in self._known
        }
        if new:
            results = await self._ask(list(new.values()))
            if len(results) != len(new):
                raise ValueError(f"{len(results)} results for {len(new)} parents")
            self._known.update(zip(new, zip(new.values(), results, strict=True), strict=True))
        return [self._known[key][1] for key in keys]


def loader_of(info: strawberry.Info, function: BatchFunction, arguments: dict[str, Any]) -> _Loader:
    """The loader of this field of the document: its place in the answer, list indices aside, and type."""
    place = tuple(step for step in info.path.as_list() if isinstance(step, str))
    loaders = info.context.memory
    key = (function, place, info.path.typename)
    if key not in loaders:
        loaders[key] = _Loader(function, info.context, arguments)
    loader: _Loader = loaders[key]
    return loader


def _item(annotation: Any) -> Any:
    """`X` of `list[X]`, as text where annotations are text."""
    if isinstance(annotation, str):
        return annotation.removeprefix("list[").removesuffix("]")
    return annotation.__args__[0]
