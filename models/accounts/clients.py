"""Tables of API clients and storefronts."""

from __future__ import annotations

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, reference


class ApiClient(Row):
    """A machine that calls the API, such as an ERP. Its secret is its bearer token and is stored hashed.

    After a rotation the previous secret stays valid until `previous_until`. `last_used_at` is written at
    most once a minute.
    """

    name = fields.CharField(max_length=100)
    secret_hash = fields.CharField(max_length=64, unique=True)
    previous_secret_hash = fields.CharField(max_length=64, null=True, db_index=True)
    previous_until = fields.DatetimeField(null=True)
    scopes = fields.JSONField[list[str]]()
    organisation = reference("Organisation")
    active = fields.BooleanField(default=True)
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason = fields.CharField(max_length=500, null=True)

    organisation_id: int

    class Meta:
        table = "api_client"


class Storefront(Row):
    """A client application; its publishable key determines the channel of a request.

    `merchant_id` is the merchant of its organisation node. A unique index keeps `code` unique within a
    merchant.
    """

    code = fields.CharField(max_length=64, null=True)
    name = fields.CharField(max_length=100)
    channel = choice(Channel)
    key = fields.CharField(max_length=64, unique=True)
    organisation = reference("Organisation")
    merchant_id = fields.BigIntField(null=True)
    active = fields.BooleanField(default=True)

    organisation_id: int

    class Meta:
        table = "storefront"
