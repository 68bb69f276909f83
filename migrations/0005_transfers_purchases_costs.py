from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

from models.engine.schema_changes.create_table import CreateTable
from models.engine.schema_changes.create_tables import TableMigration
from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.documents.transfer_rules import TransferStatus
from models.stock.states import StockState


class Migration(TableMigration):
    dependencies = [("models", "0005_assortments")]

    initial = False

    operations = [
        CreateTable(
            name="StockCost",
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
                ("quantity", fields.IntField()),
                ("value_minor", fields.BigIntField()),
                ("known_quantity", fields.IntField(default=0)),
                ("known_minor", fields.BigIntField(default=0)),
                ("movement_id", fields.BigIntField()),
                ("level_version", fields.IntField()),
            ],
            options={
                "table": "stock_cost",
                "app": "models",
                "unique_together": (("level_id",),),
                "constraints": [
                    CheckConstraint(check='"quantity" >= 0', name="ck_stock_cost_quantity"),
                    CheckConstraint(check='"value_minor" >= 0', name="ck_stock_cost_value_minor"),
                    CheckConstraint(
                        check='"quantity" > 0 OR "value_minor" = 0',
                        name="ck_stock_cost_nothing_is_worth_nothing",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The value of a level's stock after its movements up to `movement_id`. Later movements are not settled.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="StockCostEntry",
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
                ("movement_id", fields.BigIntField()),
                ("value_minor", fields.BigIntField()),
            ],
            options={
                "table": "stock_cost_entry",
                "app": "models",
                "unique_together": (("movement_id",),),
                "pk_attr": "id",
                "table_description": "The change of a level's value by one movement; negative if goods left. Append-only.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Supplier",
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
                ("contact", fields.CharField(null=True, max_length=200)),
                ("phone", fields.CharField(null=True, max_length=32)),
                ("active", fields.BooleanField(default=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "supplier",
                "app": "models",
                "unique_together": (("merchant_id", "code"),),
                "pk_attr": "id",
                "table_description": "A supplier of a merchant. Contact and phone are encrypted.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="PurchaseOrder",
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
                ("number", fields.CharField(max_length=32)),
                (
                    "status",
                    fields.CharEnumField(
                        description="", enum_type=PurchaseOrderStatus, max_length=24
                    ),
                ),
                (
                    "supplier",
                    fields.ForeignKeyField(
                        "models.Supplier",
                        source_field="supplier_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "destination",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="destination_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_by_kind", fields.CharField(max_length=16)),
                ("created_by_id", fields.BigIntField(null=True)),
                ("approved_by_kind", fields.CharField(null=True, max_length=16)),
                ("approved_by_id", fields.BigIntField(null=True)),
                ("note", fields.CharField(null=True, max_length=500)),
                ("total_minor", fields.BigIntField()),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "purchase_order",
                "app": "models",
                "unique_together": (("merchant_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check='"total_minor" >= 0', name="ck_purchase_order_total_minor"
                    )
                ],
                "indexes": [Index(fields=["merchant_id", "id"])],
                "pk_attr": "id",
                "table_description": "An order of goods from a supplier for one location.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="PurchaseOrderLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "purchase_order",
                    fields.ForeignKeyField(
                        "models.PurchaseOrder",
                        source_field="purchase_order_id",
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
                ("ordered", fields.IntField()),
                ("received", fields.IntField(default=0)),
                ("returned", fields.IntField(default=0)),
                ("unit_cost_minor", fields.BigIntField()),
            ],
            options={
                "table": "purchase_order_line",
                "app": "models",
                "unique_together": (("purchase_order_id", "variant_id"),),
                "constraints": [
                    CheckConstraint(
                        check='"received" >= 0', name="ck_purchase_order_line_received"
                    ),
                    CheckConstraint(
                        check='"returned" >= 0', name="ck_purchase_order_line_returned"
                    ),
                    CheckConstraint(
                        check='"unit_cost_minor" >= 0',
                        name="ck_purchase_order_line_unit_cost_minor",
                    ),
                    CheckConstraint(check='"ordered" > 0', name="ck_purchase_order_line_ordered"),
                    CheckConstraint(
                        check='"received" <= "ordered"',
                        name="ck_purchase_order_line_received_at_most",
                    ),
                    CheckConstraint(
                        check='"returned" <= "received"',
                        name="ck_purchase_order_line_returned_at_most",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Units of one variant at one unit cost; `returned` of those received went back to the supplier.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="SupplierReturn",
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
                ("number", fields.CharField(max_length=32)),
                (
                    "status",
                    fields.CharEnumField(
                        description="", enum_type=SupplierReturnStatus, max_length=24
                    ),
                ),
                (
                    "supplier",
                    fields.ForeignKeyField(
                        "models.Supplier",
                        source_field="supplier_id",
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
                    "purchase_order",
                    fields.ForeignKeyField(
                        "models.PurchaseOrder",
                        source_field="purchase_order_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_by_kind", fields.CharField(max_length=16)),
                ("created_by_id", fields.BigIntField(null=True)),
                ("approved_by_kind", fields.CharField(null=True, max_length=16)),
                ("approved_by_id", fields.BigIntField(null=True)),
                ("note", fields.CharField(null=True, max_length=500)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "supplier_return",
                "app": "models",
                "unique_together": (("merchant_id", "number"),),
                "indexes": [Index(fields=["merchant_id", "id"])],
                "pk_attr": "id",
                "table_description": "A return of goods to a supplier. `purchase_order` limits it to the goods of one order.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="SupplierReturnLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "supplier_return",
                    fields.ForeignKeyField(
                        "models.SupplierReturn",
                        source_field="supplier_return_id",
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
                (
                    "from_state",
                    fields.CharEnumField(description="", enum_type=StockState, max_length=24),
                ),
                ("quantity", fields.IntField()),
                ("value_minor", fields.BigIntField(default=0)),
            ],
            options={
                "table": "supplier_return_line",
                "app": "models",
                "unique_together": (("supplier_return_id", "variant_id", "from_state"),),
                "constraints": [
                    CheckConstraint(
                        check='"value_minor" >= 0', name="ck_supplier_return_line_value_minor"
                    ),
                    CheckConstraint(
                        check='"quantity" > 0', name="ck_supplier_return_line_quantity"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Units of one variant in one state; `value_minor` is their value when they were shipped.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="Transfer",
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
                ("number", fields.CharField(max_length=32)),
                (
                    "status",
                    fields.CharEnumField(description="", enum_type=TransferStatus, max_length=24),
                ),
                (
                    "source",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="source_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "destination",
                    fields.ForeignKeyField(
                        "models.Location",
                        source_field="destination_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("requested_by_kind", fields.CharField(max_length=16)),
                ("requested_by_id", fields.BigIntField(null=True)),
                ("decided_by_kind", fields.CharField(null=True, max_length=16)),
                ("decided_by_id", fields.BigIntField(null=True)),
                ("note", fields.CharField(null=True, max_length=500)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "transfer",
                "app": "models",
                "unique_together": (("merchant_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check='"source_id" <> "destination_id"', name="ck_transfer_ends"
                    )
                ],
                "indexes": [Index(fields=["merchant_id", "id"])],
                "pk_attr": "id",
                "table_description": "A movement of goods between two locations of a merchant. It is approved before it is shipped.",
            },
            bases=["Row"],
        ),
        CreateTable(
            name="TransferLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                (
                    "transfer",
                    fields.ForeignKeyField(
                        "models.Transfer",
                        source_field="transfer_id",
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
                ("requested", fields.IntField()),
                ("approved", fields.IntField(default=0)),
                ("shipped", fields.IntField(default=0)),
                ("accepted", fields.IntField(default=0)),
                ("rejected", fields.IntField(default=0)),
                ("lost", fields.IntField(default=0)),
                ("returned", fields.IntField(default=0)),
                ("road_minor", fields.BigIntField(default=0)),
                ("lost_minor", fields.BigIntField(default=0)),
            ],
            options={
                "table": "transfer_line",
                "app": "models",
                "unique_together": (("transfer_id", "variant_id"),),
                "constraints": [
                    CheckConstraint(check='"approved" >= 0', name="ck_transfer_line_approved"),
                    CheckConstraint(check='"shipped" >= 0', name="ck_transfer_line_shipped"),
                    CheckConstraint(check='"accepted" >= 0', name="ck_transfer_line_accepted"),
                    CheckConstraint(check='"rejected" >= 0', name="ck_transfer_line_rejected"),
                    CheckConstraint(check='"lost" >= 0', name="ck_transfer_line_lost"),
                    CheckConstraint(check='"returned" >= 0', name="ck_transfer_line_returned"),
                    CheckConstraint(check='"road_minor" >= 0', name="ck_transfer_line_road_minor"),
                    CheckConstraint(check='"lost_minor" >= 0', name="ck_transfer_line_lost_minor"),
                    CheckConstraint(check='"requested" > 0', name="ck_transfer_line_requested"),
                    CheckConstraint(
                        check='"approved" <= "requested"', name="ck_transfer_line_approved_at_most"
                    ),
                    CheckConstraint(
                        check='"shipped" <= "approved"', name="ck_transfer_line_shipped_at_most"
                    ),
                    CheckConstraint(
                        check='"accepted" + "rejected" + "lost" + "returned" <= "shipped"',
                        name="ck_transfer_line_arrived_at_most",
                    ),
                    CheckConstraint(
                        check='"road_minor" = 0 OR "accepted" + "rejected" + "lost" + "returned" < "shipped"',
                        name="ck_transfer_line_worth_nothing_when_over",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "The quantities of one variant by stage of the transfer.",
            },
            bases=["Row"],
        ),
    ]
