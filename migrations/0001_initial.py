from orjson import loads
from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.accounts.channels import Channel
from models.accounts.organisations import OrganisationKind
from models.accounts.roles import Role
from models.accounts.sessions import SubjectKind
from models.catalog.products import ProductStatus
from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.members.cards import CardKind, CardStatus
from models.orders.carts import CartStatus
from models.orders.payments import RefundStatus
from models.orders.states import (
    FulfilmentMethod,
    FulfilmentStatus,
    OrderStatus,
    PaymentFlow,
    PaymentProvider,
    PaymentStatus,
    TicketStatus,
)
from models.referrals.bindings import BindingKind
from models.referrals.rules import CommissionKind, CommissionStatus, ShareTarget
from models.stock.states import HoldStatus, MovementReason, StockState
from models.stores.coordinates import CoordinateSystem
from models.stores.locations import LocationKind


class Migration(TableMigration):
    initial = True

    operations = [
        CreateTable(
            name="Guest",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "taken_over_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "guest",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A visitor: owns carts and orders until a sign-in takes them over.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="IdempotencyRecord",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("scope", fields.CharField(max_length=100)),
                ("key", fields.CharField(max_length=128)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("answer", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "idempotency_record",
                "app": "models",
                "unique_together": (("scope", "key"),),
                "pk_attr": "id",
                "table_description": "What a use case answered to a caller's key, so that asking again does nothing more.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Job",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("kind", fields.CharField(max_length=40)),
                ("payload", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("run_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                (
                    "locked_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("last_error", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "job",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Work to do after a commit, such as a refund at a payment provider.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="OneTimeCode",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("phone", fields.CharField(max_length=20)),
                ("code_hash", fields.CharField(max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("tries_left", fields.IntField(default=5)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "one_time_code",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"tries_left" >= 0', name="ck_one_time_code_tries_left")
                ],
                "indexes": [Index(fields=["phone", "id"])],
                "pk_attr": "id",
                "table_description": "A code sent to a phone: kept hashed, good once, few tries.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Organisation",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("code", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=200)),
                (
                    "kind",
                    fields.CharEnumField(
                        db_index=True, description="", enum_type=OrganisationKind, max_length=24
                    ),
                ),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="parent_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("path", fields.CharField(default="", db_index=True, max_length=400)),
            ],
            options={
                "table": "organisation",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A node of the tree that roles are granted on: platform → merchant → region → store.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ApiClient",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("name", fields.CharField(max_length=100)),
                ("secret_hash", fields.CharField(unique=True, max_length=64)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "api_client",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A machine that calls the API, such as an ERP; its secret is its bearer token, kept hashed.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Brand",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
            ],
            options={
                "table": "brand",
                "app": "models",
                "unique_together": (("merchant_id", "code"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Category",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
                (
                    "parent",
                    fields.ForeignKeyField(
                        "models.Category",
                        source_field="parent_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "category",
                "app": "models",
                "unique_together": (("merchant_id", "code"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="CommissionPlan",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("guide_rate", fields.CharField(default="0", max_length=12)),
                ("guide_registration_bounty_minor", fields.BigIntField(default=0)),
                ("freeze_days", fields.IntField(default=7)),
                ("self_purchase", fields.BooleanField(default=False)),
                ("binding_days", fields.IntField(null=True)),
                ("protected_days", fields.IntField(null=True)),
            ],
            options={
                "table": "commission_plan",
                "app": "models",
                "unique_together": (("organisation_id",),),
                "constraints": [
                    CheckConstraint(
                        check='"guide_registration_bounty_minor" >= 0',
                        name="ck_commission_plan_guide_registration_bounty_minor",
                    ),
                    CheckConstraint(
                        check='"freeze_days" >= 0', name="ck_commission_plan_freeze_days"
                    ),
                    CheckConstraint(
                        check='"binding_days" >= 0', name="ck_commission_plan_binding_days"
                    ),
                    CheckConstraint(
                        check='"protected_days" >= 0', name="ck_commission_plan_protected_days"
                    ),
                ],
                "pk_attr": "id",
                "table_description": 'What a merchant (or a node below it) pays for sales. Rates are decimals as text: `"0.0500"`.',
            },
            bases=["Row"],
        ),
        CreateTable(
            name="CommissionLevel",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "plan",
                    fields.ForeignKeyField(
                        "models.CommissionPlan",
                        source_field="plan_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("level", fields.IntField()),
                ("rate", fields.CharField(max_length=12)),
            ],
            options={
                "table": "commission_level",
                "app": "models",
                "unique_together": (("plan_id", "level"),),
                "constraints": [
                    CheckConstraint(
                        check='"level" BETWEEN 1 AND 3', name="ck_commission_level_three_at_most"
                    )
                ],
                "pk_attr": "id",
                "table_description": "The rate of one level of a plan. More than three levels make a pyramid scheme: refused here too.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Location",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(description="", enum_type=LocationKind, max_length=24),
                ),
                ("code", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("active", fields.BooleanField(default=True)),
                ("phone", fields.CharField(null=True, max_length=32)),
                ("address", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("city", fields.CharField(null=True, max_length=64)),
                ("latitude", fields.FloatField(null=True)),
                ("longitude", fields.FloatField(null=True)),
                (
                    "coordinate_system",
                    fields.CharEnumField(
                        null=True, description="", enum_type=CoordinateSystem, max_length=24
                    ),
                ),
                ("latitude_wgs84", fields.FloatField(null=True)),
                ("longitude_wgs84", fields.FloatField(null=True)),
                ("services", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("hours", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("timezone", fields.CharField(default="Asia/Shanghai", max_length=64)),
                ("search_text", fields.TextField(default="", unique=False)),
                ("delivery_radius_metres", fields.IntField(null=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "location",
                "app": "models",
                "unique_together": (("organisation_id",),),
                "constraints": [
                    CheckConstraint(
                        check='"delivery_radius_metres" >= 0',
                        name="ck_location_delivery_radius_metres",
                    )
                ],
                "indexes": [
                    Index(fields=["latitude_wgs84", "longitude_wgs84"]),
                    Index(fields=["active", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "A store or a warehouse: a place that holds stock. Its organisation is its own node of the tree.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="OutboxCounter",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_sequence", fields.BigIntField(default=0)),
            ],
            options={
                "table": "outbox_counter",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One row: the last sequence given. Whoever gives sequences holds its lock.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="OutboxEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("sequence", fields.BigIntField(null=True, unique=True)),
                ("topic", fields.CharField(max_length=40)),
                ("node_type", fields.CharField(max_length=40)),
                ("node_id", fields.BigIntField()),
                ("merchant_id", fields.BigIntField(null=True)),
                ("organisation_id", fields.BigIntField(null=True)),
                ("variant_id", fields.BigIntField(null=True)),
                ("location_id", fields.BigIntField(null=True)),
                ("subject", fields.CharField(null=True, max_length=40)),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "outbox_event",
                "app": "models",
                "indexes": [Index(fields=["topic", "sequence"])],
                "pk_attr": "id",
                "table_description": "One change. `sequence` is given after the commit, in commit order and without gaps.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Product",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=64)),
                ("slug", fields.CharField(max_length=160)),
                ("name", fields.CharField(max_length=200)),
                ("description", fields.TextField(default="", unique=False)),
                (
                    "status",
                    fields.CharEnumField(
                        default=ProductStatus.ACTIVE,
                        description="",
                        enum_type=ProductStatus,
                        max_length=24,
                    ),
                ),
                (
                    "brand",
                    fields.ForeignKeyField(
                        "models.Brand",
                        source_field="brand_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "category",
                    fields.ForeignKeyField(
                        "models.Category",
                        source_field="category_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("options", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("media", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("tags", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("search_text", fields.TextField(default="", unique=False)),
                ("lowest_price_minor", fields.BigIntField(default=0)),
                ("highest_price_minor", fields.BigIntField(default=0)),
                ("units_sold", fields.BigIntField(default=0)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "product",
                "app": "models",
                "unique_together": (("merchant_id", "code"), ("merchant_id", "slug")),
                "indexes": [
                    Index(fields=["merchant_id", "status", "id"]),
                    Index(fields=["merchant_id", "name", "id"]),
                    Index(fields=["merchant_id", "lowest_price_minor", "id"]),
                    Index(fields=["merchant_id", "units_sold", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "What is shown; its variants are what is sold.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ProductTag",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("tag", fields.CharField(max_length=64)),
            ],
            options={
                "table": "product_tag",
                "app": "models",
                "unique_together": (("tag", "product_id"),),
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ProductTerm",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("term", fields.CharField(max_length=8)),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "product_term",
                "app": "models",
                "unique_together": (("term", "product_id"),),
                "pk_attr": "id",
                "table_description": "The inverted index of the search: one character or two that stand in a product's text.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ReferralTreeLock",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "referral_tree_lock",
                "app": "models",
                "unique_together": (("merchant_id",),),
                "pk_attr": "id",
                "table_description": "One row a merchant: whoever binds holds its lock, so that no two binds close a cycle together.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Session",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "kind",
                    fields.CharEnumField(description="", enum_type=SubjectKind, max_length=24),
                ),
                ("subject_id", fields.BigIntField()),
                ("access_hash", fields.CharField(unique=True, max_length=64)),
                ("access_expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("refresh_hash", fields.CharField(unique=True, max_length=64)),
                ("spent_refresh_hash", fields.CharField(null=True, db_index=True, max_length=64)),
                ("refresh_expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "models",
                "indexes": [Index(fields=["kind", "subject_id"])],
                "pk_attr": "id",
                "table_description": "A signed-in guest, member or member of staff; tokens are kept as SHA-256 only.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Staff",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("username", fields.CharField(unique=True, max_length=64)),
                ("password_hash", fields.CharField(max_length=200)),
                ("name", fields.CharField(max_length=100)),
                ("active", fields.BooleanField(default=True)),
            ],
            options={"table": "staff", "app": "models", "pk_attr": "id"},
            bases=["Row"],
        ),
        CreateTable(
            name="StaffGrant",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharEnumField(description="", enum_type=Role, max_length=24)),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "staff_grant",
                "app": "models",
                "unique_together": (("staff_id", "role", "organisation_id"),),
                "pk_attr": "id",
                "table_description": "A role of a member of staff on a node of the tree; it holds on every node below.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Storefront",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("name", fields.CharField(max_length=100)),
                ("channel", fields.CharEnumField(description="", enum_type=Channel, max_length=24)),
                ("key", fields.CharField(unique=True, max_length=64)),
                (
                    "organisation",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="organisation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "storefront",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A client application; its publishable key says which channel a request comes through.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Tier",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code", fields.CharField(max_length=32)),
                ("name", fields.CharField(max_length=100)),
                ("level", fields.IntField()),
                ("growth_required", fields.IntField(default=0)),
                ("discount_percent", fields.CharField(default="0.00", max_length=8)),
                ("points_multiplier", fields.CharField(default="1.00", max_length=8)),
            ],
            options={
                "table": "tier",
                "app": "models",
                "unique_together": (("merchant_id", "code"), ("merchant_id", "level")),
                "constraints": [
                    CheckConstraint(check='"level" >= 0', name="ck_tier_level"),
                    CheckConstraint(check='"growth_required" >= 0', name="ck_tier_growth_required"),
                ],
                "pk_attr": "id",
                "table_description": 'A rank of members. `discount_percent` is what is taken off, `"5.00"` for 5 %.',
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Member",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=32)),
                ("phone", fields.CharField(null=True, max_length=20)),
                ("name", fields.CharField(max_length=100)),
                (
                    "tier",
                    fields.ForeignKeyField(
                        "models.Tier",
                        source_field="tier_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "home_store",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="home_store_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("referral_token", fields.CharField(unique=True, max_length=32)),
                ("distributor", fields.BooleanField(default=True)),
                (
                    "joined_via",
                    fields.CharEnumField(description="", enum_type=Channel, max_length=24),
                ),
            ],
            options={
                "table": "member",
                "app": "models",
                "unique_together": (("merchant_id", "phone"),),
                "pk_attr": "id",
                "table_description": "One customer of one merchant, the same person in every channel.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Cart",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token", fields.CharField(unique=True, max_length=40)),
                (
                    "status",
                    fields.CharEnumField(
                        default=CartStatus.OPEN, description="", enum_type=CartStatus, max_length=24
                    ),
                ),
                ("channel", fields.CharEnumField(description="", enum_type=Channel, max_length=24)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "guest",
                    fields.ForeignKeyField(
                        "models.Guest",
                        source_field="guest_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("merged_into_id", fields.BigIntField(null=True)),
                ("version", fields.IntField(default=1)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "cart",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One cart, seen alike by everybody it belongs to: a guest or a member, and the guide who started it.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Commission",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(description="", enum_type=CommissionKind, max_length=24),
                ),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=CommissionStatus, max_length=24),
                ),
                ("level", fields.IntField(default=0)),
                ("payee_key", fields.CharField(max_length=32)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("order_id", fields.BigIntField(null=True)),
                (
                    "source_member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="source_member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("base_minor", fields.BigIntField()),
                ("rate", fields.CharField(max_length=12)),
                ("amount_minor", fields.BigIntField()),
                ("reversed_minor", fields.BigIntField(default=0)),
                (
                    "available_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "commission",
                "app": "models",
                "unique_together": (("order_id", "kind", "level", "payee_key"),),
                "constraints": [
                    CheckConstraint(check='"base_minor" >= 0', name="ck_commission_base_minor"),
                    CheckConstraint(check='"amount_minor" >= 0', name="ck_commission_amount_minor"),
                    CheckConstraint(
                        check='"reversed_minor" >= 0', name="ck_commission_reversed_minor"
                    ),
                    CheckConstraint(
                        check='"level" BETWEEN 0 AND 3', name="ck_commission_three_at_most"
                    ),
                    CheckConstraint(
                        check='"reversed_minor" <= "amount_minor"',
                        name="ck_commission_reversed_at_most",
                    ),
                    CheckConstraint(
                        check='("member_id" IS NULL) <> ("staff_id" IS NULL)',
                        name="ck_commission_one_payee",
                    ),
                ],
                "indexes": [
                    Index(fields=["payee_key", "status", "id"]),
                    Index(fields=["status", "available_at"]),
                ],
                "pk_attr": "id",
                "table_description": 'What one payee earns from one order, fixed at payment. `payee_key` is `"MEMBER:7"` or `"STAFF:3"`.',
            },
            bases=["Row"],
        ),
        CreateTable(
            name="MemberCard",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=32)),
                ("kind", fields.CharEnumField(description="", enum_type=CardKind, max_length=24)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=CardStatus, max_length=24),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("blocked_because", fields.CharField(null=True, max_length=200)),
            ],
            options={"table": "member_card", "app": "models", "pk_attr": "id"},
            bases=["Row"],
        ),
        CreateTable(
            name="MemberCode",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("code_hash", fields.CharField(unique=True, max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "member_code",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A code that a till scans instead of a card: kept hashed, good for a minute and once.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ShareLink",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token", fields.CharField(unique=True, max_length=32)),
                (
                    "target",
                    fields.CharEnumField(description="", enum_type=ShareTarget, max_length=24),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="store_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("cart_id", fields.BigIntField(null=True)),
                ("order_id", fields.BigIntField(null=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "staff",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="staff_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("opens", fields.IntField(default=0)),
                ("orders", fields.IntField(default=0)),
            ],
            options={
                "table": "share_link",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A short token that remembers who shared what, and where.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Order",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=32)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=OrderStatus, max_length=24),
                ),
                ("channel", fields.CharEnumField(description="", enum_type=Channel, max_length=24)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "guest",
                    fields.ForeignKeyField(
                        "models.Guest",
                        source_field="guest_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "cart",
                    fields.ForeignKeyField(
                        "models.Cart",
                        source_field="cart_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("goods_minor", fields.BigIntField()),
                ("discount_minor", fields.BigIntField(default=0)),
                ("delivery_minor", fields.BigIntField(default=0)),
                ("payable_minor", fields.BigIntField()),
                ("paid_minor", fields.BigIntField(default=0)),
                ("refunded_minor", fields.BigIntField(default=0)),
                (
                    "attribution_store",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="attribution_store_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "attribution_guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="attribution_guide_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "attribution_referrer",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="attribution_referrer_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "share_link",
                    fields.ForeignKeyField(
                        "models.ShareLink",
                        source_field="share_link_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("address", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("remark", fields.CharField(null=True, max_length=500)),
                (
                    "hold_expires_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("paid_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "completes_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "completed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "sales_order",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"goods_minor" >= 0', name="ck_sales_order_goods_minor"),
                    CheckConstraint(
                        check='"discount_minor" >= 0', name="ck_sales_order_discount_minor"
                    ),
                    CheckConstraint(
                        check='"delivery_minor" >= 0', name="ck_sales_order_delivery_minor"
                    ),
                    CheckConstraint(
                        check='"payable_minor" >= 0', name="ck_sales_order_payable_minor"
                    ),
                    CheckConstraint(check='"paid_minor" >= 0', name="ck_sales_order_paid_minor"),
                    CheckConstraint(
                        check='"refunded_minor" >= 0', name="ck_sales_order_refunded_minor"
                    ),
                    CheckConstraint(
                        check='"refunded_minor" <= "paid_minor"',
                        name="ck_sales_order_refunded_at_most_paid",
                    ),
                    CheckConstraint(
                        check='"payable_minor" = "goods_minor" - "discount_minor" + "delivery_minor"',
                        name="ck_sales_order_adds_up",
                    ),
                ],
                "indexes": [
                    Index(fields=["status", "hold_expires_at"]),
                    Index(fields=["status", "completes_at"]),
                    Index(fields=["merchant_id", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "A sale. Amounts are minor units of CNY; `attribution_*` is whom it counts for, fixed when placed.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Fulfilment",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "models.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=40)),
                (
                    "method",
                    fields.CharEnumField(description="", enum_type=FulfilmentMethod, max_length=24),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=FulfilmentStatus.OPEN,
                        description="",
                        enum_type=FulfilmentStatus,
                        max_length=24,
                    ),
                ),
                (
                    "location",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="location_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("distance_metres", fields.IntField(null=True)),
                ("routing", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("pickup_code", fields.CharField(null=True, unique=True, max_length=32)),
                (
                    "pickup_expires_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "pickup_used_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("carrier", fields.CharField(null=True, max_length=64)),
                ("tracking_number", fields.CharField(null=True, max_length=64)),
                ("shipped_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "assigned_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "accept_due_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "fulfilment",
                "app": "models",
                "indexes": [
                    Index(fields=["location_id", "status", "id"]),
                    Index(fields=["status", "pickup_expires_at"]),
                    Index(fields=["status", "accept_due_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One way at one place in which a part of an order reaches the customer, with a life of its own.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="OrderEvent",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "models.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("from_status", fields.CharField(null=True, max_length=24)),
                ("to_status", fields.CharField(max_length=24)),
                ("note", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "order_event",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One line of an order's history; `created_at` is when.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Payment",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "models.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "provider",
                    fields.CharEnumField(description="", enum_type=PaymentProvider, max_length=24),
                ),
                (
                    "flow",
                    fields.CharEnumField(description="", enum_type=PaymentFlow, max_length=24),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=PaymentStatus.PENDING,
                        description="",
                        enum_type=PaymentStatus,
                        max_length=24,
                    ),
                ),
                ("amount_minor", fields.BigIntField()),
                ("refunded_minor", fields.BigIntField(default=0)),
                ("reference", fields.CharField(unique=True, max_length=32)),
                ("provider_reference", fields.CharField(null=True, max_length=64)),
                ("till_reference", fields.CharField(null=True, max_length=64)),
                (
                    "client_parameters",
                    fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
                ),
                ("code_url", fields.CharField(null=True, max_length=512)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "payment",
                "app": "models",
                "unique_together": (("provider", "provider_reference"),),
                "constraints": [
                    CheckConstraint(
                        check='"refunded_minor" >= 0', name="ck_payment_refunded_minor"
                    ),
                    CheckConstraint(check='"amount_minor" > 0', name="ck_payment_amount"),
                    CheckConstraint(
                        check='"refunded_minor" <= "amount_minor"',
                        name="ck_payment_refunded_at_most",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One attempt to pay an order. `reference` is our number at the provider, `provider_reference` theirs.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="PrintTicket",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "fulfilment",
                    fields.ForeignKeyField(
                        "models.Fulfilment",
                        source_field="fulfilment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "location",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="location_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=TicketStatus.QUEUED,
                        description="",
                        enum_type=TicketStatus,
                        max_length=24,
                    ),
                ),
                ("text", fields.TextField(unique=False)),
                ("escpos", fields.TextField(unique=False)),
                ("printed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "print_ticket",
                "app": "models",
                "unique_together": (("fulfilment_id",),),
                "pk_attr": "id",
                "table_description": "What the printer of a store prints by itself; `escpos` is base64 of the printer's own bytes.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="ReferralBinding",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "kind",
                    fields.CharEnumField(description="", enum_type=BindingKind, max_length=24),
                ),
                (
                    "member",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="member_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "upline",
                    fields.ForeignKeyField(
                        "models.Member",
                        source_field="upline_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "guide",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="guide_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "store",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="store_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "share_link",
                    fields.ForeignKeyField(
                        "models.ShareLink",
                        source_field="share_link_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("through", fields.CharField(max_length=24)),
                ("open_key", fields.BigIntField(null=True)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "referral_binding",
                "app": "models",
                "unique_together": (("open_key", "kind"),),
                "constraints": [
                    CheckConstraint(
                        check='("kind" = \'UPLINE\' AND "upline_id" IS NOT NULL AND "store_id" IS NULL AND "guide_id" IS NULL) OR ("kind" = \'STORE\' AND "upline_id" IS NULL AND "store_id" IS NOT NULL)',
                        name="ck_referral_binding_to_somebody",
                    ),
                    CheckConstraint(
                        check='"upline_id" IS NULL OR "upline_id" <> "member_id"',
                        name="ck_referral_binding_not_to_oneself",
                    ),
                ],
                "indexes": [Index(fields=["upline_id", "open_key"])],
                "pk_attr": "id",
                "table_description": "Whom a member belongs to, from `created_at` until `ended_at`.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Refund",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "models.Payment",
                        source_field="payment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(unique=True, max_length=32)),
                ("amount_minor", fields.BigIntField()),
                ("reason", fields.CharField(max_length=200)),
                (
                    "status",
                    fields.CharEnumField(
                        default=RefundStatus.REQUESTED,
                        description="",
                        enum_type=RefundStatus,
                        max_length=24,
                    ),
                ),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refund",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"amount_minor" > 0', name="ck_refund_amount")
                ],
                "pk_attr": "id",
                "table_description": "Money on its way back: recorded first, then asked of the provider, then settled.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Variant",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "models.Product",
                        source_field="product_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sku", fields.CharField(max_length=64)),
                ("name", fields.CharField(default="", max_length=200)),
                (
                    "selected_options",
                    fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads),
                ),
                ("price_minor", fields.BigIntField()),
                ("compare_at_minor", fields.BigIntField(null=True)),
                ("position", fields.IntField(default=0)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "variant",
                "app": "models",
                "unique_together": (("merchant_id", "sku"),),
                "constraints": [
                    CheckConstraint(check='"price_minor" >= 0', name="ck_variant_price_minor"),
                    CheckConstraint(
                        check='"compare_at_minor" >= 0', name="ck_variant_compare_at_minor"
                    ),
                ],
                "pk_attr": "id",
                "table_description": 'What is sold: one SKU. `selected_options` is `[{"name", "value"}]`.',
            },
            bases=["Row"],
        ),
        CreateTable(
            name="CartLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "cart",
                    fields.ForeignKeyField(
                        "models.Cart",
                        source_field="cart_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("quantity", fields.IntField()),
                (
                    "added_in",
                    fields.CharEnumField(description="", enum_type=Channel, max_length=24),
                ),
                (
                    "added_by",
                    fields.ForeignKeyField(
                        "models.Staff",
                        source_field="added_by_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "cart_line",
                "app": "models",
                "unique_together": (("cart_id", "variant_id"),),
                "constraints": [
                    CheckConstraint(check='"quantity" > 0', name="ck_cart_line_quantity")
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="OrderLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "models.Order",
                        source_field="order_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sku", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=400)),
                ("quantity", fields.IntField()),
                ("unit_price_minor", fields.BigIntField()),
                ("discount_minor", fields.BigIntField(default=0)),
                ("total_minor", fields.BigIntField()),
                ("fulfilled", fields.IntField(default=0)),
                ("returned", fields.IntField(default=0)),
            ],
            options={
                "table": "order_line",
                "app": "models",
                "unique_together": (("order_id", "variant_id"),),
                "constraints": [
                    CheckConstraint(
                        check='"unit_price_minor" >= 0', name="ck_order_line_unit_price_minor"
                    ),
                    CheckConstraint(
                        check='"discount_minor" >= 0', name="ck_order_line_discount_minor"
                    ),
                    CheckConstraint(check='"total_minor" >= 0', name="ck_order_line_total_minor"),
                    CheckConstraint(check='"fulfilled" >= 0', name="ck_order_line_fulfilled"),
                    CheckConstraint(check='"returned" >= 0', name="ck_order_line_returned"),
                    CheckConstraint(check='"quantity" > 0', name="ck_order_line_quantity"),
                    CheckConstraint(
                        check='"fulfilled" <= "quantity"', name="ck_order_line_fulfilled_at_most"
                    ),
                    CheckConstraint(
                        check='"total_minor" = "unit_price_minor" * "quantity" - "discount_minor"',
                        name="ck_order_line_adds_up",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "What was sold at which price; `name` and `sku` as they were then.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="FulfilmentLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "fulfilment",
                    fields.ForeignKeyField(
                        "models.Fulfilment",
                        source_field="fulfilment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "order_line",
                    fields.ForeignKeyField(
                        "models.OrderLine",
                        source_field="order_line_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("quantity", fields.IntField()),
            ],
            options={
                "table": "fulfilment_line",
                "app": "models",
                "unique_together": (("fulfilment_id", "order_line_id"),),
                "constraints": [
                    CheckConstraint(check='"quantity" > 0', name="ck_fulfilment_line_quantity")
                ],
                "pk_attr": "id",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StockLevel",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "location",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="location_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("available", fields.IntField(default=0)),
                ("held", fields.IntField(default=0)),
                ("committed", fields.IntField(default=0)),
                ("damaged", fields.IntField(default=0)),
                ("quarantined", fields.IntField(default=0)),
                ("incoming", fields.IntField(default=0)),
                ("safety_stock", fields.IntField(default=0)),
                ("version", fields.IntField(default=0)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "stock_level",
                "app": "models",
                "unique_together": (("variant_id", "location_id"),),
                "constraints": [
                    CheckConstraint(check='"available" >= 0', name="ck_stock_level_available"),
                    CheckConstraint(check='"held" >= 0', name="ck_stock_level_held"),
                    CheckConstraint(check='"committed" >= 0', name="ck_stock_level_committed"),
                    CheckConstraint(check='"damaged" >= 0', name="ck_stock_level_damaged"),
                    CheckConstraint(check='"quarantined" >= 0', name="ck_stock_level_quarantined"),
                    CheckConstraint(check='"incoming" >= 0', name="ck_stock_level_incoming"),
                    CheckConstraint(
                        check='"safety_stock" >= 0', name="ck_stock_level_safety_stock"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The quantities of one variant at one location, by state.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StockHold",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "level",
                    fields.ForeignKeyField(
                        "models.StockLevel",
                        source_field="level_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("order_id", fields.BigIntField(db_index=True)),
                ("fulfilment_id", fields.BigIntField(db_index=True)),
                ("quantity", fields.IntField()),
                (
                    "status",
                    fields.CharEnumField(
                        default=HoldStatus.HELD, description="", enum_type=HoldStatus, max_length=24
                    ),
                ),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("below_safety", fields.BooleanField(default=False)),
            ],
            options={
                "table": "stock_hold",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"quantity" > 0', name="ck_stock_hold_quantity")
                ],
                "indexes": [
                    Index(fields=["level_id", "status", "expires_at"]),
                    Index(fields=["status", "expires_at"]),
                ],
                "pk_attr": "id",
                "table_description": "Units of a level that are reserved for a fulfilment.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StockMovement",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "location",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="location_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "from_state",
                    fields.CharEnumField(description="", enum_type=StockState, max_length=24),
                ),
                (
                    "to_state",
                    fields.CharEnumField(description="", enum_type=StockState, max_length=24),
                ),
                ("quantity", fields.IntField()),
                (
                    "reason",
                    fields.CharEnumField(description="", enum_type=MovementReason, max_length=24),
                ),
                ("document_type", fields.CharField(null=True, max_length=24)),
                ("document_id", fields.BigIntField(null=True)),
                ("actor_kind", fields.CharField(max_length=16)),
                ("actor_id", fields.BigIntField(null=True)),
                ("note", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "stock_movement",
                "app": "models",
                "constraints": [
                    CheckConstraint(check='"quantity" > 0', name="ck_stock_movement_quantity"),
                    CheckConstraint(
                        check='"from_state" <> "to_state"', name="ck_stock_movement_states"
                    ),
                ],
                "indexes": [
                    Index(fields=["variant_id", "location_id", "id"]),
                    Index(fields=["location_id", "id"]),
                ],
                "pk_attr": "id",
                "table_description": "One append-only entry of the ledger; `id` is its sequence, `created_at` the time of the movement.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="VariantGtin",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "merchant",
                    fields.ForeignKeyField(
                        "models.Organisation",
                        source_field="merchant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "variant",
                    fields.ForeignKeyField(
                        "models.Variant",
                        source_field="variant_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("gtin", fields.CharField(max_length=14)),
                ("gtin_key", fields.CharField(max_length=14)),
            ],
            options={
                "table": "variant_gtin",
                "app": "models",
                "unique_together": (("merchant_id", "gtin_key"),),
                "pk_attr": "id",
                "table_description": "A barcode of a variant: `gtin` as printed, `gtin_key` in 14 digits for finding it.",
            },
            bases=["Row"],
        ),
    ]
