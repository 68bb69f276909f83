"""The page of roles is of this code, and leaves out no role and no permission."""

from __future__ import annotations

from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from schema import schema
from schema.accounts.roles_page import PAGE, table, written


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(schema._schema)


def test_every_right_is_marked_once() -> None:
    head, _, *rows = (line.split("|")[1:-1] for line in table(schema._schema).splitlines())
    assert [cell.strip(" `") for cell in head[1:-1]] == [str(role) for role in Role]
    assert [row[0].strip(" `") for row in rows] == [str(each) for each in Permission]
    assert sum(row.count(" ● ") for row in rows) == sum(map(len, ROLE_PERMISSIONS.values()))


def test_every_role_has_rights() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
