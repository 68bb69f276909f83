"""Codes of the second factor: six digits that change every 30 seconds, and recovery codes.

Source: RFC 6238 (TOTP with HMAC-SHA1, 30 s, 6 digits, as every authenticator has it), RFC 4648 (Base32).
"""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

STEP_SECONDS = 30
# The number of steps by which the clocks of phone and server may differ.
WINDOW = 1
RECOVERY_BYTES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011", " -")


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of this code, at most `WINDOW` from now; None for a wrong code."""
    import pyotp  # loads slowly

    totp = pyotp.TOTP(secret)
    typed = code.replace(" ", "").encode(errors="replace")
    step = int(now.timestamp()) // STEP_SECONDS
    found = None
    for each in range(step - WINDOW, step + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(each).encode(), typed):
            found = each
    return found


def provisioning_uri(secret: str, username: str) -> str:
    """Return the URI that an authenticator reads from the QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Quintet")


def recovery_code(random_bytes: bytes) -> str:
    """Return 80 random bits as `XXXX-XXXX-XXXX-XXXX`. Raises: ValueError for another number of bytes."""
    if len(random_bytes) != RECOVERY_BYTES:
        raise ValueError(f"a recovery code needs {RECOVERY_BYTES} random bytes")
    number = int.from_bytes(random_bytes)
    text = "".join(_ALPHABET[number >> shift & 31] for shift in range(0, 8 * RECOVERY_BYTES, 5))
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def is_recovery_code(text: str) -> bool:
    """Return whether the text has the form of a recovery code instead of six digits."""
    return len(_plain(text)) == 8 * RECOVERY_BYTES // 5


def recovery_hash(text: str) -> str:
    """Return the hash that is stored for a recovery code, for any spelling of it.

    80 random bits need no slow hash.
    """
    return sha256(_plain(text).encode(errors="replace")).hexdigest()


def _plain(text: str) -> str:
    return text[:64].upper().translate(_LOOKALIKES)
