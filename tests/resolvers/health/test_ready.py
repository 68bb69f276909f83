"""A server whose background work stands still goes on serving, and says so."""

from __future__ import annotations

from datetime import timedelta

from models.database import execute
from models.outbox import OutboxEvent
from resolvers.context import utc_now
from tests.make.api import Api


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
