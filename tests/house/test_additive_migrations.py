"""Old servers go on while a database is migrated, unless docs/upgrading.md lists a migration for a stop.

A migration is additive when the version before it does not notice: new tables, new indexes, new columns
that are null or have a default in the database.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.migrating import MIGRATIONS
from tests.house.source import ROOT
from tests.make.earlier import NAME, SECTION


def not_additive(operations: list[Any]) -> Iterator[str]:
    for operation in operations:
        if isinstance(operation, ops.CreateModel | ops.RunPython):
            continue
        if isinstance(operation, ops.AddField):
            field: Any = operation.field
            if not (field.null or field.has_db_default()) or field.unique:
                yield f"{operation.model_name}.{operation.name} is required"
        elif not isinstance(operation, ops.AddIndex):
            yield type(operation).__name__


def operations_of(path: Path) -> list[Any]:
    spec = importlib.util.spec_from_file_location(f"migrations_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    operations: list[Any] = module.Migration.operations
    return operations


# What old code goes on writing lacks what these fill in once; their operations do not show it.
INCOMPLETE = {"0029_recipients_storefronts_phones"}


def test_every_migration_that_needs_a_stop_is_documented() -> None:
    page = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
    section = SECTION.search(page)
    assert section is not None
    found = {
        path.stem: faults
        for path in sorted(MIGRATIONS.glob("[0-9]*.py"))
        if (faults := list(not_additive(operations_of(path))))
    }
    assert found.keys() | INCOMPLETE == set(NAME.findall(section[1])), found


@pytest.mark.parametrize(
    ("operation", "additive"),
    [
        (ops.CreateModel("A", fields=[("id", fields.IntField(primary_key=True))]), True),
        (ops.AddField("A", "b", fields.IntField(null=True)), True),
        (ops.AddField("A", "b", fields.IntField(default=0, db_default=0)), True),
        (ops.AddField("A", "b", fields.IntField(default=0)), False),
        (ops.AddField("A", "b", fields.IntField(null=True, unique=True)), False),
        (ops.AddIndex("A", Index(fields=["b"])), True),
        (ops.RemoveField("A", "b"), False),
        (ops.RenameField("A", "b", "c"), False),
        (ops.AlterField("A", "b", fields.IntField()), False),
        (ops.DeleteModel("A"), False),
        (ops.RunSQL("UPDATE a SET b = 1"), False),
    ],
)
def test_what_the_version_before_would_notice(operation: Any, additive: bool) -> None:
    assert (list(not_additive([operation])) == []) is additive
