"""Compiles an operation: from its syntax tree to selections, each field with source and completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, cast

import strawberry
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    VariableValues,
    default_field_resolver,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.batching import BATCH
from schema.execution.arguments import coerced, converted
from schema.execution.execution import FAILED, Execution, Site
from schema.execution.failures import reported
from schema.execution.leaves import Leaf
from schema.execution.objects import Abstract, Objects
from schema.execution.places import ROOT
from schema.execution.selection import Field, Selection
from schema.execution.slots import Complete, Lists, Slot
from schema.execution.sources import Attribute, Batch, Resolver, Source, TypeName

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation with its switches in one position."""

    core: Executor[Any]
    root: Selection

    async def execute(self, variables: VariableValues, context: Any) -> ExecutionResult:
        execution = Execution(self.core, variables, context)
        [data] = await self._rows([self.core.root_value], ROOT, execution)
        errors = reported(execution.failures, self.root) if execution.failures else None
        return ExecutionResult(None if data is FAILED else data, errors)

    @property
    def _rows(self) -> Complete:
        if self.core.operation.operation is OperationType.MUTATION:
            return self.root.serial_rows
        return self.root.parallel_rows if len(self.root.fields) > 1 else self.root.rows


def compile_plan(schema: strawberry.Schema, core: Executor[Any]) -> Plan:
    """`core` decides by its variables which fields are switched on."""
    root = cast(GraphQLObjectType, core.schema.get_root_type(core.operation.operation))
    fields = collect_fields(
        core.schema, core.fragments, core.variable_values, root, core.operation
    ).grouped_field_set
    compiler = _Compiler(schema, core)
    return Plan(core, compiler.selection(root, fields))


class _Compiler:
    """Remembers selections, because fragments and interfaces lead to the same ones again."""

    def __init__(self, schema: strawberry.Schema, core: Executor[Any]) -> None:
        self._strawberry = schema
        self._core = core
        self._known: dict[tuple[str, tuple[int, ...]], Selection] = {}

    def selection(self, type_: GraphQLObjectType, fields: GroupedFieldSet) -> Selection:
        compiled = []
        for key, details in fields.items():
            definition = self._core.schema.get_field(type_, details[0].node.name.value)
            if definition:
                nodes = [detail.node for detail in details]
                compiled.append(self._field(Site(key, type_, definition, nodes), details))
        return Selection(type_, compiled)

    def _field(self, site: Site, details: FieldDetailsList) -> Field:
        type_ = site.definition.type
        selections = self._selections_of(get_named_type(type_), details)
        return Field(site, self._source(site), _slot(site, type_, selections), selections)

    def _selections_of(
        self, type_: GraphQLNamedType, details: FieldDetailsList
    ) -> dict[str, Selection]:
        """What is asked of objects, by the name of each type that they may have."""
        possible: Sequence[GraphQLObjectType] = []
        if is_abstract_type(type_):
            possible = self._core.schema.get_possible_types(type_)
        elif is_object_type(type_):
            possible = [type_]
        return {each.name: self._sub_selection(each, details) for each in possible}

    def _sub_selection(self, type_: GraphQLObjectType, details: FieldDetailsList) -> Selection:
        key = (type_.name, tuple(id(detail.node) for detail in details))
        if key not in self._known:
            fields = self._core.collect_subfields(type_, details).grouped_field_set
            self._known[key] = self.selection(type_, fields)
        return self._known[key]

    def _source(self, site: Site) -> Source:
        definition = site.definition
        if site.name == "__typename":
            return TypeName(site.parent_type.name)
        arguments = coerced(definition, site.nodes[0])
        field = definition.extensions.get(DEFINITION)
        if isinstance(field, StrawberryField) and self._is_plain(field):
            if BATCH in field.metadata:
                python_arguments = converted(self._strawberry, field, arguments)
                return Batch(field.metadata[BATCH], python_arguments)
            if field.is_basic_field:
                return Attribute(field.python_name, field.default_resolver)
        return Resolver(site, definition.resolve or default_field_resolver, arguments)

    def _is_plain(self, field: StrawberryField) -> bool:
        """Whether Strawberry wraps nothing around the field that a plan would leave out."""
        wrapped = field.extensions or self._strawberry.exception_handlers
        return type(field) is StrawberryField and not wrapped


def _slot(site: Site, type_: GraphQLOutputType, selections: Mapping[str, Selection]) -> Slot:
    nullable = not is_non_null_type(type_)
    if is_non_null_type(type_):
        type_ = type_.of_type
    if is_list_type(type_):
        return Slot(site, nullable, Lists(site, _slot(site, type_.of_type, selections)).complete)
    if is_leaf_type(type_):
        leaf = Leaf(type_, site)
        final_types = leaf.final_types | {NoneType} if nullable else leaf.final_types
        return Slot(site, nullable, leaf.complete, final_types)
    possible = {
        name: Objects(site, selection, _origin(selection.type_))
        for name, selection in selections.items()
    }
    if is_abstract_type(type_):
        return Slot(site, nullable, Abstract(site, type_, possible).complete)
    return Slot(site, nullable, possible[cast(GraphQLObjectType, type_).name].complete)


def _origin(type_: GraphQLObjectType) -> type | None:
    definition = type_.extensions.get(DEFINITION)
    if isinstance(definition, StrawberryObjectDefinition) and not definition.is_type_of:
        return definition.origin
    return None
