"""The cost of an operation, compiled once into a function of its variables.

A value costs its field's price and whatever is selected below it, as many times as its lists are long. A
field that asks the database costs a statement besides, once for all its parents. Of an interface or union
the costliest type counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)

from resolvers.orm_pagination import DEFAULT_SIZE, MAXIMUM_SIZE
from schema.cost.inputs import InputPrices
from schema.cost.introspection import sizes_of
from schema.cost.prices import OPERATION, is_set, list_size_of, price_of, statement_price_of
from schema.cost.terms import (
    Term,
    Variables,
    bounded,
    largest_of,
    product_of,
    sum_of,
    value_of,
    where,
)
from schema.cost.values import (
    Condition,
    argument_of,
    conditions_of,
    defaults_of,
    reader,
    sliced,
)
from schema.operations.cacheable_fields import fragments_of

Sizes = Mapping[str, Term]
NO_SIZES: Sizes = {}
# Larger pages are refused by the field itself, with a sentence that names the argument.
PAGES = {"first", "last"}
LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Cost:
    """`once`: however many parents there are; `each`: for each of them; `inputs`: of both, what was sent."""

    once: Term = 0
    each: Term = 0
    inputs: Term = 0

    @classmethod
    def all_of(cls, costs: Sequence[Cost]) -> Cost:
        return cls(
            sum_of(cost.once for cost in costs),
            sum_of(cost.each for cost in costs),
            sum_of(cost.inputs for cost in costs),
        )


@dataclass(frozen=True, slots=True)
class Selected:
    """A field where it stands, and when it is selected."""

    node: FieldNode
    conditions: tuple[Condition, ...]


class Estimate:
    """The cost of one operation of a valid document; raises nothing, whatever the variables are.

    `inputs` is what is spent of it whatever is found: reading the rows and IDs that it brings.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        cost = _Compiler(schema, document, operation).total()
        self._term, self._inputs = sum_of([OPERATION, cost.once, cost.each]), cost.inputs

    def __call__(self, variables: Variables | None) -> int:
        return round(value_of(self._term, variables or {}))

    def with_inputs(self, variables: Variables | None) -> tuple[int, int]:
        """The cost, and how much of it is for what the operation brings."""
        total = self(variables)
        return total, min(total, round(value_of(self._inputs, variables or {})))


class _Compiler:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments: dict[str, FragmentDefinitionNode] = fragments_of(document)
        self._defaults = defaults_of(operation)
        self._inputs = InputPrices()
        self._introspection = sizes_of(schema)
        self._known: dict[tuple[object, ...], Cost] = {}

    def total(self) -> Cost:
        root = cast(GraphQLObjectType, self._schema.get_root_type(self._operation.operation))
        return self._of_object(root, [self._operation.selection_set], NO_SIZES)

    def _of_type(
        self, type_: GraphQLNamedType, selections: Sequence[SelectionSetNode], sizes: Sizes
    ) -> Cost:
        """The cost of what is selected of one value of a type."""
        if not is_abstract_type(type_):
            return self._of_object(cast(GraphQLObjectType, type_), selections, sizes)
        costs = [
            self._of_object(each, selections, sizes)
            for each in self._schema.get_possible_types(type_)
        ]
        return replace(Cost.all_of(costs), each=largest_of(cost.each for cost in costs))

    def _of_object(
        self, type_: GraphQLObjectType, selections: Sequence[SelectionSetNode], sizes: Sizes
    ) -> Cost:
        fields: dict[str, list[Selected]] = {}
        for selection_set in selections:
            for key, selected in self._selected(type_, selection_set, ()):
                fields.setdefault(key, []).append(selected)
        return Cost.all_of([self._of_fields(type_, each, sizes) for each in fields.values()])

    def _selected(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode,
        outer: tuple[Condition, ...],
    ) -> Iterator[tuple[str, Selected]]:
        for node in selection_set.selections:
            own = conditions_of(node.directives, self._defaults)
            if own is None:
                continue
            conditions = (*outer, *own)
            if isinstance(node, FieldNode):
                yield (node.alias or node.name).value, Selected(node, conditions)
                continue
            fragment: FragmentDefinitionNode | InlineFragmentNode = (
                self._fragments[node.name.value]
                if isinstance(node, FragmentSpreadNode)
                else cast(InlineFragmentNode, node)
            )
            if self._applies(fragment.type_condition, type_):
                yield from self._selected(type_, fragment.selection_set, conditions)

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        wanted = self._schema.get_type(condition.name.value)
        return wanted is type_ or (
            is_abstract_type(wanted) and self._schema.is_sub_type(wanted, type_)
        )

    def _of_fields(
        self, type_: GraphQLObjectType, selected: Sequence[Selected], sizes: Sizes
    ) -> Cost:
        """The cost of what stands under one key of the answer; of several conditions, of all together."""
        definition = self._schema.get_field(type_, selected[0].node.name.value)
        if definition is None:
            return Cost()
        size = sizes.get(selected[0].node.name.value)
        if not any(each.conditions for each in selected):
            return self._of_field(definition, [each.node for each in selected], size)
        return Cost.all_of([self._conditional(definition, each, size) for each in selected])

    def _conditional(self, definition: GraphQLField, selected: Selected, size: Term | None) -> Cost:
        cost = self._of_field(definition, [selected.node], size)
        if not selected.conditions:
            return cost
        conditions = selected.conditions

        def holds(variables: Variables) -> bool:
            return all(condition(variables) for condition in conditions)

        return Cost(where(holds, cost.once), where(holds, cost.each), where(holds, cost.inputs))

    def _of_field(
        self, definition: GraphQLField, nodes: Sequence[FieldNode], size: Term | None
    ) -> Cost:
        # The size of a list that its connection sizes hangs on the connection's own nodes.
        key = (id(definition), size if isinstance(size, int | float) else id(size), *map(id, nodes))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._anew(definition, nodes, size)
        return known

    def _anew(
        self, definition: GraphQLField, nodes: Sequence[FieldNode], size: Term | None
    ) -> Cost:
        own, sizes = self._sizes(definition, nodes[0])
        times = self._times(definition, own if size is None else size)
        below = Cost()
        type_ = get_named_type(definition.type)
        if not is_leaf_type(type_):
            selections = [node.selection_set for node in nodes if node.selection_set]
            below = self._of_type(type_, selections, sizes)
        inputs = self._inputs.of(definition, nodes[0], self._defaults)
        return Cost(
            sum_of([self._statements(definition, own), below.once]),
            sum_of([inputs, product_of(times, sum_of([price_of(definition), below.each]))]),
            sum_of([inputs, below.inputs]),
        )

    def _statements(self, definition: GraphQLField, size: Term | None) -> Term:
        """What a field asks the database: once, or of an interface that is sized once for each type."""
        type_, price = get_named_type(definition.type), statement_price_of(definition)
        if not price or size is None or not is_abstract_type(type_):
            return price
        types = len(self._schema.get_possible_types(type_))
        return product_of(price, bounded(size, 1, types))

    def _times(self, definition: GraphQLField, size: Term | None) -> Term:
        """How many values a field has for one parent."""
        if (average := self._introspection.get(id(definition))) is not None:
            return average
        if not is_list_type(get_nullable_type(definition.type)):
            return 1
        return DEFAULT_SIZE if size is None else size

    def _sizes(self, definition: GraphQLField, node: FieldNode) -> tuple[Term | None, Sizes]:
        """The length of a field's list, and of those in the object that it returns."""
        declared = list_size_of(definition)
        if declared is None:
            return None, NO_SIZES
        otherwise = cast(int, declared.assumed_size if is_set(declared.assumed_size) else 0)
        names = cast("list[str]", declared.slicing_arguments or [])
        values = [self._argument(node, name) for name in names]
        maximum = MAXIMUM_SIZE if set(names) <= PAGES else LONGEST
        size = sliced(values, otherwise, maximum)
        if is_set(declared.sized_fields):
            return None, dict.fromkeys(cast("list[str]", declared.sized_fields), size)
        return size, NO_SIZES

    def _argument(self, node: FieldNode, path: str) -> object:
        name, *steps = path.split(".")
        return reader(argument_of(node, name), steps, self._defaults)
