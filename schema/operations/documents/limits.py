"""How large one GraphQL document may be, measured before the costly part of validation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    Visitor,
    visit,
)

from schema.operations.documents.repeats import counted, repeated


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask. Each number is the largest that is still accepted.

    `introspection`: whether `__schema` and `__type` are answered. `max_fields`: fields of one operation,
    counted wherever a fragment is spread. `max_repeats`: fields that are merged into one, of one type;
    validation compares such fields pair by pair, so that many of them cost the square of their number.
    `max_repeats_of_types`: the same for all types together. `max_spreads`: fragments where they are spread;
    validation compares those pair by pair, too. `max_digits`: characters of a number.
    """

    max_body_bytes: int = 4 * 1024 * 1024
    max_document_characters: int = 32 * 1024
    max_tokens: int = 1_500
    max_depth: int = 15
    max_aliases: int = 100
    max_fields: int = 1_000
    max_repeats: int = 10
    max_repeats_of_types: int = 60
    max_spreads: int = 80
    max_fragments: int = 50
    max_operations: int = 20
    max_directives: int = 50
    max_errors: int = 3
    max_digits: int = 40
    introspection: bool = True


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    fields: int = 0

    def __add__(self, other: _Size) -> _Size:
        return _Size(
            max(self.depth, other.depth), self.aliases + other.aliases, self.fields + other.fields
        )


def exceeded(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Say which operations of a document are too deep, too wide or too repetitive.

    Each fragment is measured once and counted wherever it is spread, so that the time is linear
    in the document while the numbers are those of the expanded operation. Introspection is not
    counted: its own depth is limited by a rule of graphql-core.
    """
    if errors := [*_long_numbers(document, limits), *_count_errors(document, limits)]:
        return errors
    measure = _Measure(document)
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    try:
        for operation in operations:
            errors += _operation_errors(operation, measure, limits)
        return errors or list(repeated(document, operations, limits))
    except RecursionError:
        return [GraphQLError("The fragments are nested too deeply.")]


def _long_numbers(document: DocumentNode, limits: Limits) -> Iterable[GraphQLError]:
    """Numbers that nothing needs, and that Python refuses to read when they are longer still.

    Most documents have none: to look at each value takes longer than to look through the text.
    """
    text = document.loc.source.body if document.loc else ""
    if not re.search(rf"[-+.0-9eE]{{{limits.max_digits + 1}}}", text):
        return
    sentence = f"A number has at most {limits.max_digits} characters."
    too_long: list[GraphQLError] = []

    class Numbers(Visitor):
        def enter(self, node: Node, *_: object) -> Any:
            if not isinstance(node, IntValueNode | FloatValueNode):
                return None
            if len(node.value) <= limits.max_digits:
                return None
            too_long.append(GraphQLError(sentence, node))
            return self.BREAK

    visit(document, Numbers())
    yield from too_long


def _count_errors(document: DocumentNode, limits: Limits) -> Iterable[GraphQLError]:
    """What a document may not have too many of, wherever it stands."""
    counts = counted(document)
    for name, maximum in (
        ("operations", limits.max_operations),
        ("fragments", limits.max_fragments),
        ("fragment spreads", limits.max_spreads),
        ("directives", limits.max_directives),
    ):
        if counts[name] > maximum:
            yield GraphQLError(
                f"The document has {counts[name]} {name}; at most {maximum} are allowed."
            )


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
    if size.fields > limits.max_fields:
        yield GraphQLError(
            f"The operation selects {size.fields} fields; at most {limits.max_fields} are allowed.",
            operation,
        )


class _Measure:
    """Sizes of selections, remembering those of fragments."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._fragment_sizes: dict[str, _Size] = {}

    def size(self, selections: Iterable[SelectionNode]) -> _Size:
        """Size of one selection set; `depth` counts levels of fields, leaves included."""
        total = _Size()
        for selection in selections:
            if isinstance(selection, FieldNode):
                total += self._field_size(selection)
            elif isinstance(selection, InlineFragmentNode):
                total += self.size(selection.selection_set.selections)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment_size(selection.name.value)
        return total

    def _field_size(self, field: FieldNode) -> _Size:
        aliases = 1 if field.alias else 0
        if field.selection_set is None:
            return _Size(1, aliases, 1)
        inner = self.size(field.selection_set.selections)
        depth = 1 if _is_introspection(field) else 1 + inner.depth
        return _Size(depth, aliases + inner.aliases, 1 + inner.fields)

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
