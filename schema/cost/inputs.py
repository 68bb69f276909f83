"""The price of the rows that an operation brings: each item of a list of inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)

from schema.cost.prices import item_price_of
from schema.cost.terms import Term, Variables, sum_of
from schema.cost.values import Defaults


@dataclass(slots=True)
class Price:
    """Of one argument or input field: for each item of its list, and for what stands in its object."""

    item: int = 0
    fields: dict[str, Price] = field(default_factory=dict)

    @property
    def is_free(self) -> bool:
        return not self.item and not self.fields

    def of_value(self, value: Any) -> int:
        """The price of a value as it was sent."""
        if isinstance(value, list):
            total = self.item * len(value)
            return total + sum([self._of_object(each) for each in value]) if self.fields else total
        single = 0 if value is None else self.item  # stands for a list of it
        return single + self._of_object(value)

    def _of_object(self, value: Any) -> int:
        if isinstance(value, list):  # a list in a list, which its field refuses
            return self.of_value(value)
        if not isinstance(value, dict):
            return 0
        return sum(
            price.of_value(value[name]) for name, price in self.fields.items() if name in value
        )

    def of_node(self, node: ValueNode, defaults: Defaults) -> Term:
        """The price of a value as the document has it."""
        if isinstance(node, VariableNode):
            return self._of_variable(node.name.value, defaults)
        if isinstance(node, NullValueNode):
            return 0
        if not isinstance(node, ListValueNode):
            return sum_of([self.item, self._of_object_node(node, defaults)])
        values = node.values or ()
        inner = [self._of_item(each, defaults) for each in values] if self.fields else []
        return sum_of([self.item * len(values), *inner])

    def _of_item(self, node: ValueNode, defaults: Defaults) -> Term:
        """What stands in an item of a list, whose own price is counted."""
        if isinstance(node, VariableNode):
            return Price(0, self.fields).of_node(node, defaults)
        return self._of_object_node(node, defaults)

    def _of_object_node(self, node: ValueNode, defaults: Defaults) -> Term:
        if not isinstance(node, ObjectValueNode):
            return 0
        return sum_of(
            self.fields[each.name.value].of_node(each.value, defaults)
            for each in node.fields or ()
            if each.name.value in self.fields
        )

    def _of_variable(self, name: str, defaults: Defaults) -> Term:
        default = defaults.get(name)

        def price(variables: Variables) -> int:
            return self.of_value(variables.get(name, default))

        return price


class InputPrices:
    """The prices of input types, each found once; recursive types refer to themselves."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Price]] = {}

    def of(self, definition: GraphQLField, node: FieldNode, defaults: Defaults) -> Term:
        """The price of what a field is given."""
        prices = dict(self._prices(definition.args))
        return sum_of(
            prices[each.name.value].of_node(each.value, defaults)
            for each in node.arguments or ()
            if each.name.value in prices
        )

    def _prices(self, definitions: Mapping[str, Any]) -> Iterator[tuple[str, Price]]:
        for name, definition in definitions.items():
            type_ = get_named_type(definition.type)
            is_list = is_list_type(get_nullable_type(definition.type))
            price = Price(item_price_of(definition, type_) if is_list else 0)
            if is_input_object_type(type_):
                price.fields = self._fields(type_)
            if not price.is_free:
                yield name, price

    def _fields(self, type_: GraphQLInputObjectType) -> dict[str, Price]:
        if type_.name not in self._known:
            fields = self._known[type_.name] = {}
            fields.update(self._prices(type_.fields))
        return self._known[type_.name]
