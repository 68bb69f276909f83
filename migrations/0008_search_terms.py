from tortoise import migrations
from tortoise.migrations import operations as ops

from models.search_table import CreateSearchTable


class Migration(migrations.Migration):
    dependencies = [("models", "0007_bulk_operations")]

    initial = False

    operations = [ops.DeleteModel(name="ProductTerm"), CreateSearchTable()]
