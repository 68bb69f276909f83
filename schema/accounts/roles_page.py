"""The table in `docs/roles.md`: what each role may do, and what scopes of machines say."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from graphql import GraphQLEnumType, GraphQLSchema

from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
BEGIN, END = "<!-- roles: written by `make schema` -->\n", "<!-- end of roles -->\n"


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
    """The page with its table made anew."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + "\n" + table(schema) + "\n" + END + rest.split(END)[1]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
