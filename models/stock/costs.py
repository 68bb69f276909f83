"""The value of stock: per level, per movement, and the opening cost."""

from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, minor, never_negative, reference, within


class StockCost(Row):
    """The value of a level's stock after its movements up to `movement_id`. Later movements are not settled.

    A level gets a row when a document with costs first moves goods at it. `level_version` is the version of
    the level at that time; if the level has another version, it may have unsettled movements.
    """

    level = reference("StockLevel")
    quantity = fields.IntField()
    value_minor = minor()
    known_quantity = fields.IntField(default=0)
    known_minor = minor(default=0)
    movement_id = fields.BigIntField()
    level_version = fields.IntField()

    level_id: int

    class Meta:
        table = "stock_cost"
        unique_together = (("level_id",),)
        constraints = (
            *never_negative("stock_cost", "quantity", "value_minor"),
            within("stock_cost", "nothing_is_worth_nothing", '"quantity" > 0 OR "value_minor" = 0'),
        )


class StockCostEntry(Row):
    """The change of a level's value by one movement; negative if goods left. Append-only."""

    level = reference("StockLevel")
    movement_id = fields.BigIntField()
    value_minor = minor()

    level_id: int

    class Meta:
        table = "stock_cost_entry"
        unique_together = (("movement_id",),)


class StockOpeningCost(Row):
    """The unit cost of stock that was on hand before the first purchase. One per level, append-only.

    It gave the `quantity` units that were on hand the value `value_minor`.
    """

    level = reference("StockLevel")
    unit_cost_minor = minor()
    quantity = fields.IntField()
    value_minor = minor()
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    note = fields.CharField(max_length=500, null=True)

    level_id: int

    class Meta:
        table = "stock_opening_cost"
        unique_together = (("level_id",),)
        constraints = (
            *never_negative("stock_opening_cost", "quantity", "value_minor"),
            within("stock_opening_cost", "unit_cost_minor", '"unit_cost_minor" > 0'),
        )
