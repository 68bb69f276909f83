"""What one request carries through a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    Executor,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    VariableValues,
    located_error,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList
from graphql.pyutils import Path

from schema.execution.meter import Meter
from schema.execution.paths import Places

# More are counted, but not kept: an answer shows far fewer.
MOST_FAILURES = 1_000


class _Failed:
    """Fills the cell of a failed value until a place is reached that may be null."""

    __slots__ = ()


FAILED: Final = _Failed()


def has_failed(cells: Iterable[object]) -> bool:
    return any(cell is FAILED for cell in cells)


@dataclass(frozen=True, slots=True)
class Site:
    """A field where the document asks for it, under one response key of one object type."""

    key: str
    parent_type: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]

    @property
    def details(self) -> FieldDetailsList:
        """The nodes as graphql-core hands them on."""
        return [FieldDetails(node, None) for node in self.nodes]

    @property
    def name(self) -> str:
        return self.nodes[0].name.value

    def __str__(self) -> str:
        return f"{self.parent_type}.{self.name}"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error and where it happened, which a resolver may have overwritten in the error itself."""

    path: Path
    error: GraphQLError


@dataclass(slots=True)
class Execution:
    """`core` is graphql-core's executor of the same operation: it words errors, but runs nothing."""

    core: Executor[Any]
    variables: VariableValues
    context: Any
    meter: Meter
    failures: list[Failure] = field(default_factory=list)

    def fail(self, site: Site, path: Path, error: Exception) -> _Failed:
        """Note an error; the answer is what to put into the cell."""
        if len(self.failures) < MOST_FAILURES:
            located = located_error(error, site.nodes, path.as_list())
            self.failures.append(Failure(path, located))
        else:
            self.meter.unreported += 1
        return FAILED

    def repeat_failures(
        self, since: int, places: Places, firsts: Sequence[int], which: Sequence[int]
    ) -> None:
        """Report what failed below the first place of an object at its other places, too."""
        others: dict[int, list[Path]] = {}
        for index, number in enumerate(which):
            if firsts[number] != index:
                others.setdefault(id(places.paths[firsts[number]]), []).append(places.paths[index])
        for failure in self.failures[since:]:
            for place, below in _places_above(failure.path):
                for other in others.get(id(place), ()):
                    self._repeat(failure, other, below)

    def _repeat(self, failure: Failure, place: Path, below: Sequence[Path]) -> None:
        if len(self.failures) >= MOST_FAILURES:
            self.meter.unreported += 1
            return
        path = place
        for step in reversed(below):
            path = Path(path, step.key, step.typename)
        error = failure.error
        if error.path == failure.path.as_list():
            error = GraphQLError(
                error.message,
                error.nodes,
                error.source,
                error.positions,
                path.as_list(),
                error.original_error,
                error.extensions,
            )
        self.failures.append(Failure(path, error))

    def info(self, site: Site, path: Path) -> GraphQLResolveInfo[Any]:
        """What resolvers are told. List indices at the end of `path` are not the field's."""
        while isinstance(path.key, int) and path.prev:
            path = path.prev
        core = self.core
        return GraphQLResolveInfo(
            site.name,
            site.nodes,
            site.definition.type,
            site.parent_type,
            path,
            core.schema,
            core.fragment_definitions,
            core.root_value,
            core.operation,
            self.variables,
            self.context,
            core.is_awaitable,
            core.abort_signal,
            core.async_helpers,
        )


def _places_above(path: Path) -> Iterable[tuple[Path, list[Path]]]:
    """A path and each above it, with the steps below it, the last one first."""
    below: list[Path] = []
    step: Path | None = path
    while step:
        yield step, below
        below.append(step)
        step = step.prev
