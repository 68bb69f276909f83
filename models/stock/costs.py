from __future__ import annotations

from tortoise import fields

from models.tables.fields import Row, minor, never_negative, reference, within


class StockCost(Row):
    """What the pieces of a level are worth by its movements up to `movement_id`; the rest are still to count.

    A level has none before a document first brings or takes pieces there. `level_version` is the level's
    then: another one says that there may be movements to count.
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
    """What one movement added to the value of its level, or took (below 0). Append-only."""

    level = reference("StockLevel")
    movement_id = fields.BigIntField()
    value_minor = minor()

    level_id: int

    class Meta:
        table = "stock_cost_entry"
        unique_together = (("movement_id",),)


class StockOpeningCost(Row):
    """What a piece of a level's was said to cost before any was bought there; given once, append-only.

    It made the `quantity` pieces that stood there then worth `value_minor`.
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
