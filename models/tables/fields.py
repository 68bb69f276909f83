"""Column kinds used by every table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Self, cast

from tortoise import fields
from tortoise import models as tortoise_models
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model, ModelMeta

from models.tables.columns import moment

# Tortoise reads the source of every table for comments on its columns, which nothing uses. That takes a
# tenth of a process's start.
tortoise_models._get_comments = lambda cls: {}


class RowType(ModelMeta):
    """The metaclass of tables; a docstring is for readers, not a comment of the table.

    Tortoise would compare it with the migrations, and its SQLite editor splits a comment at each semicolon.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> RowType:
        table: Any = super().__new__(cls, name, bases, attributes)
        table._meta.table_description = ""
        return cast(RowType, table)


class Row(Model, metaclass=RowType):
    """A table with the columns `id` and `created_at`."""

    id = fields.BigIntField(primary_key=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for field in cls._meta.fields_map.values():
            if isinstance(field, fields.CharField):
                _comparable(field)

    @classmethod
    @cache
    def selected(cls, alias: str) -> str:
        """Return all columns of the table as plain SQL, for `read`."""
        return ", ".join(f"{alias}.{each} AS {alias}_{each}" for each in cls._meta.db_fields)

    @classmethod
    def read(cls, row: Mapping[str, Any], alias: str) -> Self:
        """Return the object of a plain SQL row that has the columns of `selected`."""
        columns = {each: row[f"{alias}_{each}"] for each in cls._meta.db_fields}
        for each in cls._moments():
            if columns[each] is not None:
                columns[each] = moment(columns[each])
        return cls._init_from_db(**columns)

    @classmethod
    @cache
    def _moments(cls) -> tuple[str, ...]:
        """Return the timestamp columns; SQLite stores text, which Tortoise parses ten times as slowly."""
        kinds = cls._meta.fields_map
        return tuple(
            each for each in cls._meta.db_fields if isinstance(kinds[each], fields.DatetimeField)
        )

    @classmethod
    def written(cls, **columns: Any) -> Self:
        """Return the object of a row that plain SQL has written; columns that are not named are None."""
        return cls._init_from_db(**{**dict.fromkeys(cls._meta.db_fields), **columns})


def _comparable(field: fields.CharField[Any]) -> None:
    """Accept text of any length in comparisons: text longer than the column matches nothing."""
    check = field.to_db_value

    def encode(value: Any, instance: Any) -> Any:
        comparing = isinstance(instance, type)
        return value if comparing and isinstance(value, str) else check(value, instance)

    vars(field)["to_db_value"] = encode


def reference(model: str, **options: Any) -> Any:
    """Return a foreign key: indexed, and a referenced row cannot be deleted.

    Tortoise ignores `unique` here: name the column in `unique_together` instead.
    """
    assert "unique" not in options  # noqa: S101
    return fields.ForeignKeyField(
        f"models.{model}",
        on_delete=fields.RESTRICT,
        related_name=False,
        db_index=True,
        **options,
    )


def choice(kind: type, **options: Any) -> Any:
    """Return a column for a string enum, stored by its value."""
    return fields.CharEnumField(kind, max_length=24, description="", **options)


def minor(**options: Any) -> Any:
    """Return a column for an amount in minor units (fen)."""
    return fields.BigIntField(**options)


def never_negative(table: str, *columns: str) -> list[CheckConstraint]:
    return [
        CheckConstraint(check=f'"{column}" >= 0', name=f"ck_{table}_{column}") for column in columns
    ]


def within(table: str, name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(check=condition, name=f"ck_{table}_{name}")
