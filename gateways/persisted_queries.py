"""Where documents are kept that clients name by their hash: in this process, and in Redis for all."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Protocol

from gateways.redis_client import close_redis, redis_at, redis_errors
from models.outages import Outage

KEPT_DOCUMENTS = 1_000
KEPT_CHARACTERS = 2_000_000
REDIS_SECONDS = 7 * 24 * 3600


class PersistedQueries(Protocol):
    async def get(self, sha256_hash: str) -> str | None:
        """The document with this hash, None when it is not known (any more)."""

    async def put(self, sha256_hash: str, document: str) -> None:
        """Keep a valid document; the caller has checked its hash."""

    async def stop(self) -> None:
        """Close what is open."""


class LocalPersistedQueries:
    """The most recently used ones, within bounds."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    async def get(self, sha256_hash: str) -> str | None:
        document = self._documents.get(sha256_hash)
        if document is not None:
            self._documents.move_to_end(sha256_hash)
        return document

    async def put(self, sha256_hash: str, document: str) -> None:
        if sha256_hash in self._documents:
            return
        self._documents[sha256_hash] = document
        self._characters += len(document)
        while len(self._documents) > KEPT_DOCUMENTS or self._characters > KEPT_CHARACTERS:
            _, oldest = self._documents.popitem(last=False)
            self._characters -= len(oldest)

    async def stop(self) -> None:
        """Nothing is open."""


class SharedPersistedQueries(LocalPersistedQueries):
    """What one process was told, every process knows, by Redis.

    Without Redis each knows what it was told itself; clients then tell a document once more.
    """

    def __init__(self, redis_url: str) -> None:
        super().__init__()
        self._redis = redis_at(redis_url, decode_responses=True)
        self._outage = Outage("Redis, for persisted queries,")

    async def get(self, sha256_hash: str) -> str | None:
        if document := await super().get(sha256_hash):
            return document
        document = await self._fetched(sha256_hash)
        if document is not None:
            await super().put(sha256_hash, document)
        return document

    async def put(self, sha256_hash: str, document: str) -> None:
        if await super().get(sha256_hash) == document:
            return
        await super().put(sha256_hash, document)
        if self._outage.is_resting:
            return
        try:
            await self._redis.set(_key(sha256_hash), document, ex=REDIS_SECONDS)
        except redis_errors() as error:
            self._outage.failed(error)
        else:
            self._outage.worked()

    async def stop(self) -> None:
        await close_redis(self._redis)

    async def _fetched(self, sha256_hash: str) -> str | None:
        if self._outage.is_resting:
            return None
        try:
            document = await self._redis.get(_key(sha256_hash))
        except redis_errors() as error:
            self._outage.failed(error)
            return None
        self._outage.worked()
        text = str(document or "")
        return text if sha256(text.encode()).hexdigest() == sha256_hash else None


def _key(sha256_hash: str) -> str:
    return f"quintet:persisted-query:{sha256_hash}"


def make_persisted_queries(redis_url: str) -> PersistedQueries:
    return SharedPersistedQueries(redis_url) if redis_url else LocalPersistedQueries()
