"""What proves to a receiver that a message is ours and fresh.

Source: Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"


def secret_of(server_key: str, salt: str) -> str:
    """The secret of a webhook, which is kept nowhere: whoever reads the database can sign nothing."""
    digest = hmac.new(server_key.encode(), f"webhook {salt}".encode(), sha256).digest()
    return PREFIX + b64encode(digest).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over id, time in seconds and the exact body, in base64."""
    key = b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def link_signature(server_key: str, what: str) -> str:
    """What a link that is good for a while carries, in URL-safe base64."""
    digest = hmac.new(server_key.encode(), f"link {what}".encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message, signed with each secret that is good at present."""
    signatures = [signature(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
