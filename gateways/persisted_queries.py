"""Storage of documents that clients refer to by hash: in this process, and in Redis for all processes.

Both are bounded in total and for each sharer, such as an address; the oldest documents are dropped.
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gateways.redis_link import RedisLink

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT_DOCUMENTS = 1_000
REDIS_SECONDS = 7 * 24 * 3600
_HASH = re.compile(r"[0-9a-f]{64}")
PREFIX = "quintet:persisted-query:"


class Quota(NamedTuple):
    """The maximum bytes of all documents, and of the documents of one sharer."""

    of_all: int
    of_sharer: int


OF_A_PROCESS = Quota(2_000_000, 400_000)
OF_REDIS = Quota(64_000_000, 1_000_000)

# Stores a missing document. Members of both indexes are hash:size:sharer, scored by insertion time.
PUT = """
local document, index, own, bytes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local text, prefix, member, size = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local most, most_of_own, life = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('EXISTS', document) == 1 then return 0 end
local function size_of(each) return tonumber(string.match(each, ':(%d+):')) end
local function sum_of(key)
  local sum = 0
  for _, each in ipairs(redis.call('ZRANGE', key, 0, -1)) do sum = sum + size_of(each) end
  return sum
end
local total = tonumber(redis.call('GET', bytes)) or sum_of(index)
local function drop(each)
  if redis.call('ZREM', index, each) == 1 then
    redis.call('DEL', prefix .. string.match(each, '^(%w+):'))
    total = total - size_of(each)
  end
end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local at = string.format('%.6f', now)
for _, each in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', now - life, 'LIMIT', 0, 100)) do
  drop(each)
end
local sum = sum_of(own)
while sum > 0 and sum + size > most_of_own do
  local oldest = redis.call('ZPOPMIN', own)[1]
  if not oldest then break end
  drop(oldest)
  sum = sum - size_of(oldest)
end
while total + size > most do
  local oldest = redis.call('ZRANGE', index, 0, 0)[1]
  if not oldest then
    total = 0
    break
  end
  drop(oldest)
end
redis.call('SET', document, text, 'EX', life)
redis.call('ZADD', index, at, member)
redis.call('ZADD', own, at, member)
redis.call('EXPIRE', own, life)
redis.call('SET', bytes, total + size)
return 1
"""


class PersistedQueries(Protocol):
    async def get(self, sha256_hash: str) -> str | None:
        """Return the document with this hash, None when it is unknown or dropped."""

    async def put(self, sha256_hash: str, document: str, sharer: str) -> None:
        """Store a valid document of a sharer, whose hash the caller has checked."""

    async def stop(self) -> None:
        """Close open connections."""


class LocalPersistedQueries:
    """The most recently used documents, within bounds."""

    def __init__(self, quota: Quota = OF_A_PROCESS) -> None:
        self._quota = quota
        self._documents: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._bytes: dict[str, int] = {}  # by sharer

    async def get(self, sha256_hash: str) -> str | None:
        known = self._documents.get(sha256_hash)
        if known is None:
            return None
        self._documents.move_to_end(sha256_hash)
        return known[0]

    async def put(self, sha256_hash: str, document: str, sharer: str) -> None:
        if sha256_hash not in self._documents:
            self._make_room(len(document.encode()), sharer)
            self._documents[sha256_hash] = document, sharer
            self._bytes[sharer] = self._bytes.get(sharer, 0) + len(document.encode())

    async def stop(self) -> None:
        """Do nothing: there is no connection."""

    def _make_room(self, size: int, sharer: str) -> None:
        while self._bytes.get(sharer, 0) + size > self._quota.of_sharer:
            own = (key for key, (_, whose) in self._documents.items() if whose == sharer)
            if (oldest := next(own, None)) is None:
                break
            self._drop(oldest)
        total = sum(self._bytes.values())
        while self._documents and (
            len(self._documents) >= KEPT_DOCUMENTS or total + size > self._quota.of_all
        ):
            total -= self._drop(next(iter(self._documents)))

    def _drop(self, sha256_hash: str) -> int:
        document, sharer = self._documents.pop(sha256_hash)
        size = len(document.encode())
        self._bytes[sharer] -= size
        if not self._bytes[sharer]:
            del self._bytes[sharer]
        return size


class SharedPersistedQueries(LocalPersistedQueries):
    """Documents that all processes share through Redis.

    Without Redis each process knows only the documents sent to it, and clients send a document once more.
    `key` hides the sharer of a document.
    """

    def __init__(
        self, link: RedisLink, key: bytes, *, quota: Quota = OF_REDIS, prefix: str = PREFIX
    ) -> None:
        super().__init__()
        self._link = link
        self._key = key
        self._shared = quota
        self._prefix = prefix

    async def get(self, sha256_hash: str) -> str | None:
        document = await super().get(sha256_hash)
        if document is not None or not _HASH.fullmatch(sha256_hash):
            return document

        async def fetch(redis: Redis) -> Any:
            return await redis.get(self._prefix + sha256_hash)

        found = await self._link.ask(fetch)
        if found is None or sha256(found).hexdigest() != sha256_hash:
            return None
        text: str = found.decode()
        await super().put(sha256_hash, text, "")
        return text

    async def put(self, sha256_hash: str, document: str, sharer: str) -> None:
        if await super().get(sha256_hash) == document:
            return
        await super().put(sha256_hash, document, sharer)
        whose = hmac.digest(self._key, sharer.encode(), "sha256").hex()[:32]
        size = len(document.encode())
        names = (sha256_hash, "index", f"of:{whose}", "bytes")
        member = f"{sha256_hash}:{size}:{whose}"
        given = (document, self._prefix, member, size, *self._shared, REDIS_SECONDS)

        async def keep(redis: Redis) -> Any:
            keys = [self._prefix + name for name in names]
            return await redis.register_script(PUT)(keys=keys, args=given)

        await self._link.ask(keep)

    async def stop(self) -> None:
        await self._link.stop()


def make_persisted_queries(link: RedisLink | None, key: bytes) -> PersistedQueries:
    return SharedPersistedQueries(link, key) if link else LocalPersistedQueries()
