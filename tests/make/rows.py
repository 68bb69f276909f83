"""One row of any table, with all that it refers to: what is required and not given is made up."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tortoise import fields
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

_numbers = itertools.count(1)

World = dict[type[Model], Model]


async def a_row(table: type[Model], world: World, **given: Any) -> Any:
    """The row of `table` in `world`, made when it is the first; the rows of a world belong together."""
    if table not in world:
        columns = dict(given)
        for name, field in table._meta.fields_map.items():
            if isinstance(field, ForeignKeyFieldInstance):
                source = field.source_field or f"{name}_id"
                if source not in given and not field.null:
                    columns[source] = (await a_row(field.related_model, world)).id
        for name in table._meta.db_fields:
            field = table._meta.fields_map[name]
            if name not in columns and _is_required(field):
                columns[name] = _made_up(field)
        world[table] = await table.create(**columns)
    return world[table]


def _is_required(field: Any) -> bool:
    made_by_itself = field.pk or getattr(field, "auto_now_add", False) or field.reference
    return not (made_by_itself or field.null or field.default is not None)


def _made_up(field: Any) -> Any:
    if isinstance(field, fields.data.CharEnumFieldInstance):
        return next(iter(field.enum_type))
    if isinstance(field, fields.CharField):
        return f"t{next(_numbers)}"[: field.max_length]
    makers: dict[type, Any] = {
        fields.TextField: "text",
        fields.BooleanField: True,
        fields.IntField: 1,
        fields.BigIntField: 1,
        fields.DecimalField: Decimal(1),
        fields.FloatField: 1.0,
        fields.JSONField: [],
        fields.DatetimeField: datetime(2030, 1, 1, tzinfo=UTC),
        fields.DateField: datetime(2030, 1, 1, tzinfo=UTC).date(),
    }
    return next(value for kind, value in makers.items() if isinstance(field, kind))
