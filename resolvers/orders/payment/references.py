"""Our references at payment providers: unique, unguessable, 32 characters as the strictest ones allow."""

from __future__ import annotations

import secrets


def new_reference(kind: str) -> str:
    """Return one letter for the kind and 30 hexadecimal digits."""
    return f"{kind}{secrets.token_hex(15)}"
