"""IDs as clients know them: kind and row ID in URL-safe base64."""

from __future__ import annotations

from base64 import urlsafe_b64encode


def node_id(kind: str, row_id: int) -> str:
    return urlsafe_b64encode(f"{kind}:{row_id}".encode()).rstrip(b"=").decode()
