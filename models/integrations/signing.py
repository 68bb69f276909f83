"""Secrets and signatures of webhook messages, which prove their origin and time.

Source: Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from models.keys.signing_keys import KeyRing

PREFIX = "whsec_"


def salt_of(keys: KeyRing, random_text: str) -> str:
    """Return the salt that a webhook stores in place of its secret, `kid.random`.

    `random_text` contains no full stop.
    """
    return f"{keys.current.kid}.{random_text}"


def secrets_of(keys: KeyRing, salt: str) -> list[str]:
    """Return the secret of a salt, or nothing if its key has been removed.

    A salt from before keys had names gives one secret for each key, the current key's first.
    """
    kid, named, _ = salt.partition(".")
    if not named:
        return [secret_of(key.text, salt) for key in keys.keys]
    key = keys.key_of(kid)
    return [secret_of(key.text, salt)] if key else []


def secret_of(server_key: str, salt: str) -> str:
    """Derive the secret of a webhook; it is stored nowhere, so reading the database is not enough to sign."""
    digest = hmac.new(server_key.encode(), f"webhook {salt}".encode(), sha256).digest()
    return PREFIX + b64encode(digest).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the base64 HMAC-SHA256 over ID, time in seconds and the exact body."""
    key = b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message, signed with each currently valid secret."""
    signatures = [signature(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
