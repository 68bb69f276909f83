"""How often a document selects the same: what validation compares pair by pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]
# A field, and the type that the fragment around it is on.
Selected = tuple[str, FieldNode]


class RepeatLimits(Protocol):
    """The limits that are meant here; see `schema.operations.documents.limits.Limits`."""

    @property
    def max_repeats(self) -> int: ...
    @property
    def max_repeats_of_types(self) -> int: ...


def counted(document: DocumentNode) -> Counter[str]:
    """Count the operations, fragments, spreads and directives of a document."""
    counts: Counter[str] = Counter()
    for definition in document.definitions:
        is_fragment = isinstance(definition, FragmentDefinitionNode)
        counts["fragments" if is_fragment else "operations"] += 1
        counts["directives"] += len(definition.directives or ())  # type: ignore[attr-defined]
        for variable in getattr(definition, "variable_definitions", None) or ():
            counts["directives"] += len(variable.directives or ())
        _count_selections(getattr(definition, "selection_set", None), counts)
    return counts


def _count_selections(selection_set: SelectionSetNode | None, counts: Counter[str]) -> None:
    waiting = [selection_set] if selection_set else []
    while waiting:
        for selection in waiting.pop().selections:
            directives: Sequence[DirectiveNode] = selection.directives or ()
            counts["directives"] += len(directives)
            if isinstance(selection, FragmentSpreadNode):
                counts["fragment spreads"] += 1
                continue
            inner: Any = getattr(selection, "selection_set", None)
            if inner:
                waiting.append(inner)


def repeated(
    document: DocumentNode, operations: Iterable[OperationDefinitionNode], limits: RepeatLimits
) -> Iterator[GraphQLError]:
    """Say which fields are selected too often in one place, after the fields above them are merged.

    The time is that of the expanded operations, whose size the caller has limited.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    if has_cycle(fragments):  # validation refuses it with a better sentence
        return
    for operation in operations:
        waiting = [[operation.selection_set]]
        while waiting:
            fields: dict[str, list[Selected]] = {}
            for selection_set in waiting.pop():
                for key, selected in _selected(selection_set, "", fragments):
                    fields.setdefault(key, []).append(selected)
            for same in fields.values():
                if error := _error(same, limits):
                    yield error
                    return
                inner = [node.selection_set for _, node in same if node.selection_set]
                if inner:
                    waiting.append(inner)


def _selected(
    selection_set: SelectionSetNode, condition: str, fragments: Fragments
) -> Iterator[tuple[str, Selected]]:
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            yield (node.alias or node.name).value, (condition, node)
        elif isinstance(node, InlineFragmentNode):
            on = node.type_condition.name.value if node.type_condition else condition
            yield from _selected(node.selection_set, on, fragments)
        elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
            fragment = fragments[node.name.value]
            on = fragment.type_condition.name.value
            yield from _selected(fragment.selection_set, on, fragments)


def _error(same: Sequence[Selected], limits: RepeatLimits) -> GraphQLError | None:
    times, maximum = len(same), limits.max_repeats_of_types
    if times <= limits.max_repeats:
        return None
    if times <= maximum:
        times, maximum = max(Counter(on for on, _ in same).values()), limits.max_repeats
        if times <= maximum:
            return None
    sentence = f"A field is selected {times} times in one selection; at most {maximum} are allowed."
    return GraphQLError(sentence, same[0][1])


def has_cycle(fragments: Fragments) -> bool:
    """Whether some fragment leads back to itself."""
    spreads = {name: set(_spreads(each.selection_set)) for name, each in fragments.items()}
    while spreads:
        leaves = {name for name, others in spreads.items() if not others & spreads.keys()}
        if not leaves:
            return True
        spreads = {name: others for name, others in spreads.items() if name not in leaves}
    return False


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    waiting = [selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                yield node.name.value
            elif inner := getattr(node, "selection_set", None):
                waiting.append(inner)
