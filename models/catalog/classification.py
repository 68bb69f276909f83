"""Tables of brands and categories.

`logo` and `image` are `{"url", "alt", "kind"}`. Siblings are ordered by `position`.
"""

from __future__ import annotations

from typing import Any

from tortoise import fields

from models.tables.fields import Row, reference


class Brand(Row):
    merchant = reference("Organisation")
    code = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    logo = fields.JSONField[dict[str, Any]](null=True)
    story = fields.TextField(null=True)

    merchant_id: int

    class Meta:
        table = "brand"
        unique_together = (("merchant_id", "code"),)


class Category(Row):
    merchant = reference("Organisation")
    code = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    parent = reference("Category", null=True)
    image = fields.JSONField[dict[str, Any]](null=True)
    position = fields.IntField(default=0, db_default=0)

    merchant_id: int
    parent_id: int | None

    class Meta:
        table = "category"
        unique_together = (("merchant_id", "code"),)
