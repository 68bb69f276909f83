"""Tortoise's PostgreSQL client, with IN lists of any length and a bounded wait for a silent server."""

from __future__ import annotations

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient

from models.engine.long_lists import folded
from models.engine.postgres.bounded_pool import BoundedPool, create_pool


class FoldingPostgresClient(AsyncpgDBClient):
    async def create_pool(self, **options: Any) -> BoundedPool:
        return await create_pool(**options)

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        query, given = folded(query, values or [])
        found: tuple[int, list[dict[str, Any]]] = await super().execute_query(query, list(given))
        return found

    async def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> list[dict[str, Any]]:
        query, given = folded(query, values or [])
        found: list[dict[str, Any]] = await super().execute_query_dict(query, list(given))
        return found


client_class = FoldingPostgresClient
