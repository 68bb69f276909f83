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
    """A node of the tree that roles are granted on: platform → merchant → region → store.

    A warehouse stands where a store may.
    `path` is the IDs from the root down to this node, `"1/4/9/"`, so a subtree is a prefix.
    `merchant` is the merchant the node belongs to: itself for a merchant and for the platform.
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
