"""Compiles an operation: from its syntax tree to selections, each field with source and completion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, cast

import strawberry
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    OperationType,
    VariableValues,
    default_field_resolver,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from schema.batching import BATCH
from schema.columns import COLUMN
from schema.cost.prices import price_of
from schema.execution.arguments import coerced, converted
from schema.execution.completion import Complete, Lists, Slot
from schema.execution.execution import FAILED, Execution, Site
from schema.execution.failures import reported
from schema.execution.inputs import Inputs
from schema.execution.leaves import Leaf
from schema.execution.meter import Meter
from schema.execution.objects import Abstract, Objects
from schema.execution.paths import ROOT
from schema.execution.selection import Field, Selection, Selections
from schema.execution.sources import Attribute, Batch, Method, Resolver, Source, TypeName

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF


class Plan:
    """An operation with its switches in one position; `core` holds them.

    `grow` is told how many more fields are compiled.
    """

    def __init__(
        self, schema: strawberry.Schema, core: Executor[Any], grow: Callable[[int], None]
    ) -> None:
        self._core = core
        self.root = _Compiler(schema, core, grow).root()
        self._rows = _rows_of(core.operation, self.root)

    def compile_below(self) -> None:
        """Compile all but interfaces before anything is met."""
        self.root.compile_below()

    async def execute(
        self, variables: VariableValues, context: Any, meter: Meter
    ) -> ExecutionResult:
        execution = Execution(self._core, variables, context, meter)
        meter.take(1, self.root.bytes, self.root.price_once + self.root.price_each)
        [data] = await self._rows([self._core.root_value], ROOT, execution)
        errors = reported(execution.failures, self.root) if execution.failures else None
        return ExecutionResult(None if data is FAILED else data, errors)


def _rows_of(operation: OperationDefinitionNode, root: Selection) -> Complete:
    if operation.operation is OperationType.MUTATION:
        return root.serial_rows
    return root.parallel_rows if len(root.fields) > 1 else root.rows


class _Compiler:
    """Remembers selections, because fragments and interfaces lead to the same ones again."""

    def __init__(
        self, schema: strawberry.Schema, core: Executor[Any], grow: Callable[[int], None]
    ) -> None:
        self._strawberry = schema
        self._core = core
        self._grow = grow
        self._inputs = Inputs(schema)
        self._known: dict[tuple[str, tuple[int, ...]], Selection] = {}

    def root(self) -> Selection:
        core = self._core
        type_ = cast(GraphQLObjectType, core.schema.get_root_type(core.operation.operation))
        fields = collect_fields(
            core.schema, core.fragments, core.variable_values, type_, core.operation
        )
        return self._selection(type_, fields.grouped_field_set)

    def _selection(self, type_: GraphQLObjectType, fields: GroupedFieldSet) -> Selection:
        compiled = []
        for key, details in fields.items():
            definition = self._core.schema.get_field(type_, details[0].node.name.value)
            if definition:
                nodes = [detail.node for detail in details]
                compiled.append(self._field(Site(key, type_, definition, nodes), details))
        self._grow(len(compiled))
        return Selection(type_, compiled)

    def _field(self, site: Site, details: FieldDetailsList) -> Field:
        type_ = site.definition.type
        selections = Selections(lambda name: self._sub_selection(name, details))
        slot = self._slot(site, type_, selections)
        return Field(site, self._source(site), slot, selections)

    def _sub_selection(self, type_name: str, details: FieldDetailsList) -> Selection:
        key = (type_name, tuple(id(detail.node) for detail in details))
        if key not in self._known:
            type_ = cast(GraphQLObjectType, self._core.schema.get_type(type_name))
            fields = self._core.collect_subfields(type_, details).grouped_field_set
            self._known[key] = self._selection(type_, fields)
        return self._known[key]

    def _source(self, site: Site) -> Source:
        definition = site.definition
        if site.name == "__typename":
            return TypeName(site.parent_type.name)
        field = definition.extensions.get(DEFINITION)
        source = self._plain_source(site, field) if isinstance(field, StrawberryField) else None
        if source:
            return source
        resolve = definition.resolve or default_field_resolver
        return Resolver(site, resolve, coerced(definition, site.nodes[0]))

    def _plain_source(self, site: Site, field: StrawberryField) -> Source | None:
        """None where more than a function is to be called, or one that knows its parent by another name."""
        if not self._is_plain(field):
            return None
        if field.is_basic_field:
            return Attribute(field.python_name, field.default_resolver)
        if COLUMN in field.metadata:
            return Attribute(field.metadata[COLUMN], getattr)
        arguments = converted(self._inputs, field, site.definition, site.nodes[0])
        if BATCH in field.metadata:
            return Batch(field.metadata[BATCH], arguments)
        resolver = field.base_resolver
        if resolver is None or not resolver.self_parameter:
            return None
        if resolver.parent_parameter or resolver.root_parameter:
            return None
        if resolver.info_parameter:
            resolve = _informed(field, resolver, self._strawberry.config.info_class)
            return Resolver(site, resolve, arguments)
        return Method(cast("Callable[..., Any]", resolver.wrapped_func), arguments)

    def _is_plain(self, field: StrawberryField) -> bool:
        """Whether Strawberry wraps nothing around the field that a plan would leave out."""
        wrapped = field.extensions or self._strawberry.exception_handlers
        return type(field) is StrawberryField and not wrapped

    def _slot(self, site: Site, type_: GraphQLOutputType, selections: Selections) -> Slot:
        nullable = not is_non_null_type(type_)
        if is_non_null_type(type_):
            type_ = type_.of_type
        if is_list_type(type_):
            item = self._slot(site, type_.of_type, selections)
            return Slot(site, nullable, Lists(site, item).complete)
        if is_leaf_type(type_):
            leaf = Leaf(type_, site)
            final_types = leaf.final_types | {NoneType} if nullable else leaf.final_types
            return Slot(site, nullable, leaf.complete, leaf, final_types)
        price = price_of(site.definition)
        if is_abstract_type(type_):
            possible = {
                each.name: Objects(site, each, _origin(each), selections, price)
                for each in self._core.schema.get_possible_types(type_)
            }
            return Slot(
                site, nullable, Abstract(site, type_, possible, _names(type_, possible)).complete
            )
        type_ = cast(GraphQLObjectType, type_)
        return Slot(
            site, nullable, Objects(site, type_, _origin(type_), selections, price).complete
        )


def _informed(
    field: StrawberryField, resolver: StrawberryResolver[Any], info_class: type[strawberry.Info]
) -> Callable[..., Any]:
    """The resolver's function, which is given Strawberry's info by its own name for it."""
    function, parameter = cast("Callable[..., Any]", resolver.wrapped_func), resolver.info_parameter
    name = parameter.name if parameter else ""

    def resolve(parent: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        arguments[name] = info_class(_raw_info=info, _field=field)
        return function(parent, **arguments)

    return resolve


def _names(type_: GraphQLAbstractType, possible: Mapping[str, Objects]) -> dict[type, str]:
    """The types of those classes whose type needs no resolving."""
    definition = type_.extensions.get(DEFINITION)
    if isinstance(definition, StrawberryObjectDefinition) and definition.resolve_type:
        return {}
    return {objects.origin: name for name, objects in possible.items() if objects.origin}


def _origin(type_: GraphQLObjectType) -> type | None:
    """The class whose instances are of this type and of no other, unless they are cast."""
    definition = type_.extensions.get(DEFINITION)
    if not isinstance(definition, StrawberryObjectDefinition):
        return None
    if definition.is_type_of or definition.concrete_of or definition.name != type_.name:
        return None
    return definition.origin
