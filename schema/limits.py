"""How large one GraphQL document may be, measured before the costly part of validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask. Each number is the largest that is still accepted.

    `introspection`: whether `__schema` and `__type` are answered.
    `max_repeats`: the same field within one selection of one type; validation compares such
    fields pair by pair, so that many of them cost the square of their number.
    """

    max_body_bytes: int = 4 * 1024 * 1024
    max_document_characters: int = 64 * 1024
    max_tokens: int = 2_500
    max_depth: int = 15
    max_aliases: int = 100
    max_repeats: int = 10
    introspection: bool = True


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0

    def __add__(self, other: _Size) -> _Size:
        return _Size(max(self.depth, other.depth), self.aliases + other.aliases)


def exceeded(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Say which operations of a document are too deep, too wide or too repetitive.

    Each fragment is measured once and counted wherever it is spread, so that the time is linear
    in the document while the numbers are those of the expanded operation. Introspection is not
    counted: its own depth is limited by a rule of graphql-core.
    """
    measure = _Measure(document)
    try:
        errors = [
            error
            for operation in document.definitions
            if isinstance(operation, OperationDefinitionNode)
            for error in _operation_errors(operation, measure, limits)
        ]
    except RecursionError:
        return [GraphQLError("The fragments are nested too deeply.")]
    if measure.repeats > limits.max_repeats:
        errors.append(
            GraphQLError(
                f"A field is selected {measure.repeats} times in one selection; "
                f"at most {limits.max_repeats} are allowed."
            )
        )
    return errors


def _operation_errors(
    operation: OperationDefinitionNode, measure: _Measure, limits: Limits
) -> Iterable[GraphQLError]:
    size = measure.size(operation.selection_set.selections)
    if size.depth > limits.max_depth:
        yield GraphQLError(
            f"The operation is {size.depth} levels deep; at most {limits.max_depth} are allowed.",
            operation,
        )
    if size.aliases > limits.max_aliases:
        yield GraphQLError(
            f"The operation uses {size.aliases} aliases; at most {limits.max_aliases} are allowed.",
            operation,
        )


class _Measure:
    """Sizes of selections, remembering those of fragments."""

    def __init__(self, document: DocumentNode) -> None:
        self.repeats = 0
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._fragment_sizes: dict[str, _Size] = {}

    def size(self, selections: Iterable[SelectionNode]) -> _Size:
        """Size of one selection set; `depth` counts levels of fields, leaves included."""
        names: Counter[tuple[str, str]] = Counter()
        total = self._size(selections, "", names)
        self.repeats = max(self.repeats, max(names.values(), default=0))
        return total

    def _size(
        self, selections: Iterable[SelectionNode], condition: str, names: Counter[tuple[str, str]]
    ) -> _Size:
        total = _Size()
        for selection in selections:
            if isinstance(selection, FieldNode):
                response_name = selection.alias or selection.name
                names[condition, response_name.value] += 1
                total += self._field_size(selection)
            elif isinstance(selection, InlineFragmentNode):
                inner = selection.type_condition
                total += self._size(
                    selection.selection_set.selections,
                    inner.name.value if inner else condition,
                    names,
                )
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment_size(selection.name.value)
        return total

    def _field_size(self, field: FieldNode) -> _Size:
        aliases = 1 if field.alias else 0
        if field.selection_set is None:
            return _Size(1, aliases)
        inner = self.size(field.selection_set.selections)
        depth = 1 if _is_introspection(field) else 1 + inner.depth
        return _Size(depth, aliases + inner.aliases)

    def _fragment_size(self, name: str) -> _Size:
        if name not in self._fragment_sizes:
            # A cycle counts as nothing here: validation refuses it with a better sentence.
            self._fragment_sizes[name] = _Size()
            if name in self._fragments:
                selections = self._fragments[name].selection_set.selections
                self._fragment_sizes[name] = self.size(selections)
        return self._fragment_sizes[name]


def _is_introspection(node: Node) -> bool:
    return isinstance(node, FieldNode) and node.name.value in ("__schema", "__type")
