"""The table in `docs/roles.md`: what each role may do, and what scopes of machines say."""

from __future__ import annotations

from typing import cast

from graphql import GraphQLEnumType, GraphQLSchema

from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from schema.describing.written_pages import DOCS, with_section

PAGE = DOCS / "roles.md"


def table(schema: GraphQLSchema) -> str:
    lines = [_row("permission, scope", *(f"`{role}`" for role in Role), "what it allows")]
    lines.append("|---|" + ":-:|" * len(Role) + "---|")
    described = cast(GraphQLEnumType, schema.type_map[Permission.__name__])
    for permission in Permission:
        held = ("●" if permission in ROLE_PERMISSIONS[role] else "" for role in Role)
        sentence = described.values[permission.name].description or ""
        lines.append(_row(f"`{permission}`", *held, sentence))
    return "\n".join(lines) + "\n"


def written(schema: GraphQLSchema) -> str:
    return with_section(PAGE, "roles", table(schema))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
