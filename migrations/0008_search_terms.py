"""Replace the table of search terms."""

from tortoise.migrations import operations as ops

from models.engine.schema_changes.create_tables import TableMigration
from models.engine.schema_changes.search_table import CreateSearchTable


class Migration(TableMigration):
    dependencies = [("models", "0007_bulk_operations")]

    initial = False

    operations = [ops.DeleteModel(name="ProductTerm"), CreateSearchTable()]
