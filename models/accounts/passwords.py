"""Hashing of passwords and of tokens.

Passwords are hashed by Argon2id, tokens by SHA-256, which suits 256 random bits. Hashing a password takes
tens of milliseconds and 19 MiB, so it runs in a few threads, and an attempt is refused when too many wait.
On Linux these threads have a lower priority, so that hashing does not delay requests.

Source: OWASP Password Storage Cheat Sheet (Argon2id, m = 19 MiB, t = 2, p = 1).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from threading import Semaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.accounts.password_rules import normalised
from models.errors import RateLimited

T = TypeVar("T")
NO_PASSWORD = ""
"""The stored hash of a user without a password; no password matches it."""
API_CLIENT_PREFIX = "qc"
HASHING_THREADS = 2
MAXIMUM_WAITING = 32
NICENESS = 10  # added to that of the thread that serves requests
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class HashingBusy(RateLimited):
    """The hashing queue is full, so the password was not checked."""

    def __init__(self) -> None:
        super().__init__(
            "Too many people sign in at this moment. Try again in {seconds} seconds.",
            retry_after_seconds=1,
        )


async def hash_password(password: str) -> str:
    """Return the hash of a password. Raises: HashingBusy."""
    return await _hashing().run(lambda: HASHER.hash(normalised(password)))


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Return whether the password matches the hash.

    A missing hash or password takes the same time and does not match. Raises: HashingBusy.
    """
    return await _hashing().run(lambda: _verify(normalised(password), password_hash))


def new_token(prefix: str) -> str:
    """Return `prefix` and 256 random bits as URL-safe text."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


class Hashing:
    """A small thread pool with a bounded queue."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(HASHING_THREADS, "hashing", _lower_priority)
        self._slots = Semaphore(HASHING_THREADS + MAXIMUM_WAITING)

    async def run(self, work: Callable[[], T]) -> T:
        if not self._slots.acquire(blocking=False):
            raise HashingBusy
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._slots.release())
        return await asyncio.wrap_future(future)


def _lower_priority() -> None:
    """Lower the priority of the current thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        own = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(own + NICENESS, 19))


@cache
def _hashing() -> Hashing:
    return Hashing()


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    """Return a hash to verify against when the user does not exist, so that the response takes as long."""
    return hasher.hash("nobody has this password")


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return HASHER.verify(password_hash or _dummy_hash(HASHER), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False
