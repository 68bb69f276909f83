"""The table of the organisation tree."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row, choice, reference


class OrganisationKind(StrEnum):
    PLATFORM = "PLATFORM"
    MERCHANT = "MERCHANT"
    REGION = "REGION"
    STORE = "STORE"
    WAREHOUSE = "WAREHOUSE"


class Organisation(Row):
    """A node of the tree that roles are granted on: platform → merchant → region → store or warehouse.

    `path` holds the IDs from the root to this node, `"1/4/9/"`, so that a subtree is a prefix. `merchant`
    is the merchant the node belongs to; a merchant and the platform refer to themselves.
    """

    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=200)
    kind = choice(OrganisationKind, db_index=True)
    parent = reference("Organisation", null=True)
    merchant = reference("Organisation", null=True)
    path = fields.CharField(max_length=400, db_index=True, default="")

    parent_id: int | None
    merchant_id: int | None

    class Meta:
        table = "organisation"

    @property
    def merchant_key(self) -> int:
        return self.merchant_id or self.id
