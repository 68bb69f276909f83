"""Passwords by Argon2id with OWASP's parameters; tokens by SHA-256, which suits 256 random bits.

Hashing takes tens of milliseconds and 19 MiB each, so few threads do it, and few may wait for them: past that
an attempt is refused rather than kept waiting. All else goes on meanwhile: where a thread can have a priority
of its own, which is on Linux, hashing gets what processor time nobody else wants.

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
"""In place of the hash of somebody who has no password: none is right."""
API_CLIENT_PREFIX = "qc"
HASHING_THREADS = 2
MAXIMUM_WAITING = 32
NICENESS = 10  # more than of the thread that answers requests
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class HashingBusy(RateLimited):
    """So many passwords are being verified that this one was not tried."""

    def __init__(self) -> None:
        super().__init__(
            "Too many people sign in at this moment. Try again in {seconds} seconds.",
            retry_after_seconds=1,
        )


async def hash_password(password: str) -> str:
    """Raises: HashingBusy."""
    return await _hashing().run(lambda: HASHER.hash(normalised(password)))


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; without a hash, or a password, it takes as long, and is not.

    Raises: HashingBusy.
    """
    return await _hashing().run(lambda: _verify(normalised(password), password_hash))


def new_token(prefix: str) -> str:
    """`prefix` and 256 random bits in URL-safe text."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


class Hashing:
    """A few threads and a short queue."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(HASHING_THREADS, "hashing", _let_others_go_first)
        self._places = Semaphore(HASHING_THREADS + MAXIMUM_WAITING)

    async def run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _let_others_go_first() -> None:
    """Lower the priority of the current thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        own = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(own + NICENESS, 19))


@cache
def _hashing() -> Hashing:
    return Hashing()


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    """Verified against when there is no such user, so that the answer takes as long."""
    return hasher.hash("nobody has this password")


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return HASHER.verify(password_hash or _nobodys(HASHER), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False
