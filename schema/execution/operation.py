"""One operation of a document, and a plan for each position of its switches."""

from __future__ import annotations

from typing import Any, cast

import strawberry
from graphql import (
    DocumentNode,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    VariableValues,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.collect_fields import FragmentDetails
from strawberry.execution import optimized_is_awaitable

from schema.execution.coverage import switches_of
from schema.execution.plan import Plan
from schema.execution.variables import NO_VARIABLES, Definitions, Variables

# An operation with n switches has up to 2^n plans; rare positions are left to graphql-core.
MAXIMUM_PLANS = 8
# Measured: of a syntax tree at worst, and of a compiled field.
BYTES_OF_A_CHARACTER = 280
BYTES_OF_A_FIELD = 2_000


class Operation:
    """Holds on to its document, so that no other one can take its identity over meanwhile.

    `@skip` and `@include` with variables are its switches: they decide which fields there are,
    in which order and merged from which nodes, so each position of them has a plan of its own.
    `size`: bytes of memory, roughly; every one of them the client's doing.
    """

    def __init__(
        self, schema: strawberry.Schema, document: DocumentNode, node: OperationDefinitionNode
    ) -> None:
        self._strawberry = schema
        self._schema = schema._schema
        self._document = document
        self._node = node
        self._definitions = Definitions(self._schema, node.variable_definitions or ())
        self._switches = switches_of(document, node)
        self._plans: dict[tuple[object, ...], Plan] = {}
        characters = len(document.loc.source.body) if document.loc else 0
        self.size = characters * BYTES_OF_A_CHARACTER

    @property
    def plans(self) -> int:
        return len(self._plans)

    def variable_values(self, variables: Variables) -> VariableValues | list[GraphQLError]:
        return self._definitions.values(variables)

    def plan(self, variables: VariableValues, *, are_long: bool = False) -> Plan | None:
        """None when graphql-core has to answer, which would take long to convert long variables."""
        if self._switches is None:
            return None
        position = tuple(variables.coerced.get(name) for name in self._switches)
        plan = self._plans.get(position)
        if plan is not None or not set(map(type, position)) <= {bool}:
            return plan
        has_room = len(self._plans) < MAXIMUM_PLANS
        if has_room or are_long:
            core = self._graphql_core_executor(variables)
            plan = Plan(self._strawberry, core, self._grow if has_room else lambda _: None)
        if plan is not None and has_room:
            self._plans[position] = plan
        return plan

    def compile(self) -> None:
        """Have the plan ready, where there is but one."""
        if self._switches == [] and (plan := self.plan(NO_VARIABLES)):
            plan.compile_below()

    def _grow(self, fields: int) -> None:
        self.size += fields * BYTES_OF_A_FIELD

    def _graphql_core_executor(self, variables: VariableValues) -> Executor[None]:
        fragments = {
            definition.name.value: definition
            for definition in self._document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        return Executor(
            self._schema,
            fragments,
            {name: FragmentDetails(fragment) for name, fragment in fragments.items()},
            None,
            None,
            self._node,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )
