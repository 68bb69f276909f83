"""Our numbers for what a payment provider does: unique, unguessable, 32 characters as the strictest allow."""

from __future__ import annotations

import secrets


def new_reference(kind: str) -> str:
    """One letter for the kind and 30 hexadecimal digits."""
    return f"{kind}{secrets.token_hex(15)}"
