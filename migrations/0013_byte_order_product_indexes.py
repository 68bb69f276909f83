"""Sort texts of lists by byte order, and index products by brand and by category."""

from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_tables import TableMigration
from models.engine.schema_changes.text_order import OrderByBytes


class Migration(TableMigration):
    dependencies = [("models", "0012_bulk_languages_webhook_counts")]

    initial = False

    operations = [
        OrderByBytes(
            ("product", "name", 200),
            ("product_tag", "tag", 64),
            ("brand", "code", 64),
            ("category", "code", 64),
            ("location", "code", 64),
            ("organisation", "code", 64),
            ("organisation", "path", 400),
            ("member_card", "number", 32),
        ),
        *(
            ops.AddIndex(
                model_name="Product",
                index=Index(fields=["merchant_id", "status", column, "id"]),
            )
            for column in ("brand_id", "category_id")
        ),
    ]
