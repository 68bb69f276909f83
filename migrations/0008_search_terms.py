from tortoise.migrations import operations as ops

from models.create_tables import TableMigration
from models.search_table import CreateSearchTable


class Migration(TableMigration):
    dependencies = [("models", "0007_bulk_operations")]

    initial = False

    operations = [ops.DeleteModel(name="ProductTerm"), CreateSearchTable()]
