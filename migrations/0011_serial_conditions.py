"""Record the condition of serial numbers in damaged and quarantined stock."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

# The newest serial numbers first: levels recorded how many units are damaged, but not which ones.
_TOLD = """
UPDATE serial_number SET state = told.state FROM (
  SELECT serial.id, CASE WHEN serial.place <= level.damaged THEN 'DAMAGED' ELSE 'QUARANTINED' END AS state
  FROM (SELECT id, variant_id, location_id, ROW_NUMBER() OVER (
      PARTITION BY variant_id, location_id ORDER BY id DESC) AS place
    FROM serial_number WHERE state = 'IN_STOCK') AS serial
  JOIN stock_level AS level ON level.variant_id = serial.variant_id
    AND level.location_id = serial.location_id
  WHERE serial.place <= level.damaged + level.quarantined) AS told
WHERE serial_number.id = told.id
"""


async def tell_conditions(apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Mark as many serial numbers of a level as damaged and quarantined as its counts say."""
    await editor.client.execute_script(_TOLD)


async def forget_conditions(apps: StateApps, editor: BaseSchemaEditor) -> None:
    await editor.client.execute_script(
        "UPDATE serial_number SET state = 'IN_STOCK' WHERE state IN ('DAMAGED', 'QUARANTINED')"
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0010_backorders")]

    initial = False

    operations = [ops.RunPython(tell_conditions, forget_conditions)]
