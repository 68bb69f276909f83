"""A server whose background work stands still goes on serving, and says so."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

from models.database import execute
from models.keys import encryption
from models.outbox import OutboxEvent
from resolvers.context import utc_now
from tests.make.api import Api
from tests.make.killing import system
from tests.make.members import member


async def test_changes_that_nobody_numbers_degrade_a_server(api: Api) -> None:
    ready = await api.client.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]["outbox"]) == (200, "ok")
    await OutboxEvent.create(
        topic="stock.changed", node_type="StockLevel", node_id=1, actor_kind="SYSTEM"
    )
    await execute("UPDATE outbox_event SET created_at = ?", utc_now() - timedelta(minutes=10))
    ready = await api.client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["checks"]["outbox"] == (
        "1 changes wait for their sequence, the oldest for 10 min."
    )
    assert ready.json()["checks"]["worker"] == "ok"


async def test_a_server_that_cannot_read_personal_data_is_not_ready(api: Api) -> None:
    """It would make a second member of a phone that it does not find."""
    await member(await system(api.settings))
    assert (await api.client.get("/health/ready")).json()["checks"]["data keys"] == "ok"
    encryption.use(f"k9:{b64encode(b'9' * 32).decode()}")
    try:
        ready = await api.client.get("/health/ready")
    finally:
        encryption.use("")
    assert ready.status_code == 503
    assert ready.json()["checks"]["data keys"] == (
        "QUINTET_DATA_KEYS does not read the personal data of this database"
    )
    assert (await api.client.get("/health/live")).status_code == 200
