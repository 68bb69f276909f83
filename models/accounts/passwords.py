"""Passwords by Argon2id with OWASP's parameters; tokens by SHA-256, which suits 256 random bits."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

API_CLIENT_PREFIX = "qc"
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    return await asyncio.to_thread(_verify, password, password_hash)


def new_token(prefix: str) -> str:
    """`prefix` and 256 random bits in URL-safe text."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@cache
def _nobody() -> str:
    """Verified against when there is no such user, so that the answer takes as long."""
    return _hasher.hash("nobody has this password")


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False
