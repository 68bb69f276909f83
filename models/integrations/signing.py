"""What proves to a receiver that a message is ours and fresh.

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
    """What a new webhook keeps instead of its secret: `kid.random`. `random_text` has no full stop."""
    return f"{keys.current.kid}.{random_text}"


def secrets_of(keys: KeyRing, salt: str) -> list[str]:
    """The secret that a salt stands for; none once its key was taken out.

    A salt of before keys had names stands for one secret under each key, the current one first.
    """
    kid, named, _ = salt.partition(".")
    if not named:
        return [secret_of(key.text, salt) for key in keys.keys]
    key = keys.key_of(kid)
    return [secret_of(key.text, salt)] if key else []


def secret_of(server_key: str, salt: str) -> str:
    """The secret of a webhook, which is kept nowhere: whoever reads the database can sign nothing."""
    digest = hmac.new(server_key.encode(), f"webhook {salt}".encode(), sha256).digest()
    return PREFIX + b64encode(digest).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over id, time in seconds and the exact body, in base64."""
    key = b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message, signed with each secret that is good at present."""
    signatures = [signature(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
