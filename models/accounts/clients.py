from __future__ import annotations

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, reference


class ApiClient(Row):
    """A machine that calls the API, such as an ERP; its secret is its bearer token, kept hashed.

    After a rotation the secret before is good until `previous_until`. `last_used_at` is written at most once
    a minute.
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
    """A client application; its publishable key says which channel a request comes through.

    `merchant_id` is its node's merchant. No two of a merchant have one code: a unique index sees to it.
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
