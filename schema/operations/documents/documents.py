"""From the text of a request to a document that may run: parsed, limited, validated, remembered."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from schema.operations.documents.limits import Limits, exceeded

if TYPE_CHECKING:
    from schema.cost.pricing import Pricing
    from schema.nodes.coded_ids import IdPlaces

V = TypeVar("V")

CACHED_DOCUMENTS = 1_000
# A syntax tree can take 280 bytes for each character of its text, so this bounds the cache at
# some 60 MB even when it is filled on purpose.
CACHED_CHARACTERS = 200_000


class DocumentRefused(Exception):
    """A document that cannot run; `errors` say why, each with `extensions.code` INVALID."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [invalid(error) for error in errors]


def invalid(error: GraphQLError) -> GraphQLError:
    """Mark an error as the client's own: what a scalar raised while reading is no secret."""
    error.extensions = {"code": "INVALID", **(error.extensions or {})}
    error.original_error = None
    return error


@dataclass(slots=True)
class Operation:
    """One operation of a valid document. What it is, is None until somebody has asked.

    `is_public`: any cache may keep its answers; `begins_public`: so far as its first fields go;
    `is_repeatable`: this process may, while nothing is written; `pricing`: what it costs;
    `id_places`: where it has IDs.
    """

    document: DocumentNode
    node: OperationDefinitionNode
    is_public: bool | None = None
    begins_public: bool | None = None
    is_repeatable: bool | None = None
    pricing: Pricing | None = None
    id_places: IdPlaces | None = None

    @property
    def type(self) -> OperationType:
        return self.node.operation


@dataclass(slots=True)
class Prepared:
    """A valid document, with those of its operations that somebody has asked for."""

    document: DocumentNode
    _operations: dict[str | None, Operation] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """The operation a request names, or the only one there is. Raises `DocumentRefused`."""
        operation = self._operations.get(name)
        if operation is None:
            node = operation_of(self.document, name)
            operation = self._operations[name] = Operation(self.document, node)
        return operation


class Documents:
    """Documents of one schema, prepared or refused; the most recently used ones are kept by their text."""

    def __init__(self, schema: strawberry.Schema, limits: Limits) -> None:
        self._schema = schema._schema
        self._limits = limits
        hidden = () if limits.introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *hidden)
        self._prepared: _Remembered[Prepared] = _Remembered()
        self._refused: _Remembered[list[GraphQLError]] = _Remembered()

    def knows(self, query: str) -> bool:
        """Whether a document is remembered, or that it was refused."""
        return query in self._prepared or query in self._refused

    def prepare(self, query: str) -> Prepared:
        """The same text gives the same object while it is remembered.

        Raises `DocumentRefused`.
        """
        if prepared := self._prepared.find(query):
            return prepared
        if errors := self._refused.find(query):
            raise DocumentRefused(errors)
        self.check_length(query)
        try:
            prepared = Prepared(self._valid(query))
        except DocumentRefused as refused:
            self._refused.put(query, [_without_nodes(error) for error in refused.errors])
            raise
        self._prepared.put(query, prepared)
        return prepared

    def check_length(self, query: str) -> None:
        """Refuse what is too long at once: to parse it, or to remember it, takes time and room.

        Raises `DocumentRefused`.
        """
        most = self._limits.max_document_characters
        if len(query) > most:
            sentence = (
                f"Syntax Error: Source contains more than {most} code points. Parsing aborted."
            )
            raise DocumentRefused([GraphQLError(sentence)])

    def _valid(self, query: str) -> DocumentNode:
        document = self._parse(query)
        errors = exceeded(document, self._limits)
        errors = errors or self._validation_errors(document)
        if errors:
            raise DocumentRefused(errors)
        return document

    def _validation_errors(self, document: DocumentNode) -> list[GraphQLError]:
        """The first few: to word an error can take longer than to find it."""
        most = self._limits.max_errors
        return validate(self._schema, document, self._rules, max_errors=most)[:most]

    def _parse(self, query: str) -> DocumentNode:
        try:
            return parse(
                query,
                max_lexical_tokens=self._limits.max_tokens,
                max_comments=self._limits.max_tokens,
                max_source_length=self._limits.max_document_characters,
            )
        except GraphQLError as error:
            raise DocumentRefused([error]) from error


class _Remembered(OrderedDict[str, V]):
    """Values by text, those used most recently, within a number of texts and of their characters."""

    def __init__(self) -> None:
        super().__init__()
        self._characters = 0

    def find(self, text: str) -> V | None:
        value = self.get(text)
        if value is not None:
            self.move_to_end(text)
        return value

    def put(self, text: str, value: V) -> None:
        """Remember what is not known yet; a text that alone is too long is not."""
        if len(text) > CACHED_CHARACTERS:
            return
        self[text] = value
        self._characters += len(text)
        while len(self) > CACHED_DOCUMENTS or self._characters > CACHED_CHARACTERS:
            oldest, _ = self.popitem(last=False)
            self._characters -= len(oldest)


def _without_nodes(error: GraphQLError) -> GraphQLError:
    """The same error without the syntax tree that it points into."""
    return GraphQLError(
        error.message,
        source=error.source,
        positions=error.positions,
        extensions=error.extensions,
    )


def operation_of(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    """The operation a request names, or the only one there is.

    Raises `DocumentRefused` when there is none, or several and no name.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        message = (
            "The document has several operations: operationName must say which one to run."
            if operation_name is None
            else f"The document has no operation named {operation_name[:64]!r}."
        )
        raise DocumentRefused([GraphQLError(message)])
    return operation
