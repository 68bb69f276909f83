"""Hypothesis writes valid operations, with variables, for any schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
    parse,
    specified_rules,
    validate,
)
from hypothesis import assume
from hypothesis import strategies as st

Allowed = Callable[[GraphQLField], bool]

Scalars = dict[str, st.SearchStrategy[Any]]

SCALARS: Scalars = {
    "Int": st.integers(-1, 4),
    "Float": st.sampled_from([0.5, 2.0, 3]),
    "Boolean": st.booleans(),
    "String": st.sampled_from(["", "word", "Wörter 门店"]),
    "ID": st.sampled_from(["1", "x"]),
    "Decimal": st.sampled_from(["1.50", "0"]),
    "JSON": st.sampled_from([1, "text", True]),
}
OTHER_SCALAR = st.sampled_from(["2026-01-31", "2026-01-31T08:00:00+08:00", "17"])


class Name(str):
    """An enum value: written without quotes in a document."""

    __slots__ = ()


@dataclass(frozen=True)
class Asked:
    query: str
    variables: dict[str, Any]


@st.composite
def operations(
    draw: st.DrawFn,
    schema: GraphQLSchema,
    operation: str = "query",
    *,
    depth: int = 4,
    allowed: Allowed = lambda definition: True,
    scalars: Scalars | None = None,
) -> Asked:
    """`scalars`: values of scalars that are likelier to find something."""
    writer = _Writer(draw, schema, allowed, SCALARS | (scalars or {}))
    root = schema.query_type if operation == "query" else schema.mutation_type
    selection = writer.selection(root, depth)
    declared = ", ".join(writer.declared)
    header = f"{operation} Asked({declared})" if declared else operation
    query = "\n".join([f"{header} {selection}", *writer.fragments])
    assume(not validate(schema, parse(query), specified_rules))
    return Asked(query, writer.variables)


@dataclass
class _Writer:
    draw: st.DrawFn
    schema: GraphQLSchema
    allowed: Allowed
    scalars: Scalars
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    spreads: dict[str, list[str]] = field(default_factory=dict)

    def selection(self, type_: Any, depth: int) -> str:
        count = self.draw(st.integers(1, 4))
        return "{ " + " ".join(self._selected(type_, depth) for _ in range(count)) + " }"

    def _selected(self, type_: Any, depth: int) -> str:
        kind = self.draw(st.integers(0, 11))
        if depth > 0 and (kind < 2 or (kind < 9 and not hasattr(type_, "fields"))):
            return self._fragment(type_, depth)
        if kind > 9 or not hasattr(type_, "fields"):
            return f"__typename{self._switch()}"
        return self._field(type_, depth)

    def _fragment(self, type_: Any, depth: int) -> str:
        known = self.spreads.get(type_.name)
        if known and self.draw(st.booleans()):
            return f"...{self.draw(st.sampled_from(known))}{self._switch()}"
        on = type_
        if is_abstract_type(type_):
            on = self.draw(st.sampled_from([type_, *self.schema.get_possible_types(type_)]))
        selection = self.selection(on, depth - 1)
        if self.draw(st.booleans()):
            return f"... on {on.name}{self._switch()} {selection}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on.name} {selection}")
        self.spreads.setdefault(type_.name, []).append(name)
        return f"...{name}{self._switch()}"

    def _field(self, type_: Any, depth: int) -> str:
        names = [
            name
            for name, definition in type_.fields.items()
            if self.allowed(definition)
            and (depth > 0 or not is_composite_type(get_named_type(definition.type)))
        ]
        if not names:
            return "__typename"
        objects = [
            name for name in names if is_composite_type(get_named_type(type_.fields[name].type))
        ]
        name = self.draw(st.sampled_from(names + 2 * objects))
        definition = type_.fields[name]
        arguments = self._arguments(definition)
        alias = self.draw(st.sampled_from(["", "", f"{name}_a: ", f"{name}_b: "]))
        selection = ""
        if is_composite_type(get_named_type(definition.type)):
            selection = " " + self.selection(get_named_type(definition.type), depth - 1)
        return f"{alias}{name}{arguments}{self._switch()}{selection}"

    def _arguments(self, definition: GraphQLField) -> str:
        written = [
            f"{name}: {self._argument(argument)}"
            for name, argument in definition.args.items()
            if is_required_argument(argument) or self.draw(st.integers(0, 3)) == 0
        ]
        return f"({', '.join(written)})" if written else ""

    def _argument(self, argument: Any) -> str:
        if self.draw(st.integers(0, 2)):
            return written(self._value(argument.type))
        return self._variable(argument.type, argument.default_value is not Undefined)

    def _variable(self, type_: Any, has_default: bool) -> str:
        name = f"v{len(self.declared)}"
        if has_default and isinstance(type_, GraphQLNonNull) and self.draw(st.booleans()):
            type_ = type_.of_type  # null is then an error while the field runs
        default = ""
        if self.draw(st.integers(0, 3)) == 0:
            default = f" = {written(self._value(type_))}"
        self.declared.append(f"${name}: {type_}{default}")
        whether = self.draw(st.integers(0, 15))
        if whether == 0:
            self.variables[name] = {"wrong": ["value"]}
        elif whether == 1:
            self.variables[name] = None
        elif whether > 2 or (isinstance(type_, GraphQLNonNull) and not default):
            self.variables[name] = self._value(type_)
        return f"${name}"

    def _switch(self) -> str:
        if self.draw(st.integers(0, 11)):
            return ""
        directive = self.draw(st.sampled_from(["skip", "include"]))
        if self.draw(st.booleans()):
            return f" @{directive}(if: {written(self.draw(st.booleans()))})"
        if "$switch: Boolean = true" not in self.declared:
            self.declared.append("$switch: Boolean = true")
            value = self.draw(st.sampled_from([True, False, False, None, Undefined]))
            if value is not Undefined:
                self.variables["switch"] = value
        return f" @{directive}(if: $switch)"

    def _value(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        elif self.draw(st.integers(0, 5)) == 0:
            return None
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type) for _ in range(self.draw(st.integers(0, 2)))]
        if isinstance(type_, GraphQLEnumType):
            return Name(self.draw(st.sampled_from(sorted(type_.values))))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self._value(definition.type)
                for name, definition in type_.fields.items()
                if is_required_input_field(definition) or self.draw(st.booleans())
            }
        return self.draw(self.scalars.get(type_.name, OTHER_SCALAR))


def written(value: Any) -> str:
    """As a literal of the query language."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Name():
            return value
        case str():
            return f'"{value}"'
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {written(each)}" for name, each in value.items()) + "}"
    return str(value)
