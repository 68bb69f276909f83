"""What a plan covers; everything else is graphql-core's, which is known before anything runs."""

from __future__ import annotations

from typing import Any

from graphql import (
    BREAK,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)

SWITCHES = ("skip", "include")
INTROSPECTION = ("__schema", "__type")


class _Survey(Visitor):
    """Finds the variables that switch fields on and off, and whatever no plan can do."""

    def __init__(self) -> None:
        super().__init__()
        self.covered = True
        self.switches: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        return self._refuse() if node.name.value in INTROSPECTION else None

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return self._refuse() if node.variable_definitions else None

    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        if node.name.value not in SWITCHES:
            return self._refuse()
        values = [argument.value for argument in node.arguments or ()]
        self.switches.update(
            value.name.value for value in values if isinstance(value, VariableNode)
        )
        return None

    def _refuse(self) -> Any:
        self.covered = False
        return BREAK


def switches_of(document: DocumentNode, operation: OperationDefinitionNode) -> list[str] | None:
    """The variables of `@skip` and `@include`; None when no plan covers the operation."""
    if operation.operation is OperationType.SUBSCRIPTION:
        return None
    survey = _Survey()
    visit(document, survey)
    if not survey.covered:
        return None
    declared = {each.variable.name.value for each in operation.variable_definitions or ()}
    return sorted(survey.switches & declared)
