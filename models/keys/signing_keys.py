"""The keys that this server signs with: the first key signs, all keys verify.

Each signature names its key by a `kid`, so that a key can be replaced while its signatures are still valid:
put the new key before the old one, and remove the old one when its signatures no longer matter.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

KID_LENGTH = 8


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key; `kid` is derived from it, so that keys need no numbers, and reveals nothing about it."""

    text: str = field(repr=False)

    @property
    def kid(self) -> str:
        return hmac.new(self.text.encode(), b"kid", sha256).hexdigest()[:KID_LENGTH]

    def digest(self, text: str) -> bytes:
        return hmac.new(self.text.encode(), text.encode(), sha256).digest()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """At least one signing key. A signature for one purpose is invalid for another."""

    keys: tuple[SigningKey, ...]

    @classmethod
    def of(cls, current: str, previous: Sequence[str] = ()) -> KeyRing:
        return cls(tuple(SigningKey(text) for text in dict.fromkeys((current, *previous))))

    @property
    def current(self) -> SigningKey:
        return self.keys[0]

    def key_of(self, kid: str) -> SigningKey | None:
        return next((key for key in self.keys if key.kid == kid), None)

    def sign(self, purpose: str, text: str) -> str:
        """Return `kid.signature`, both URL-safe."""
        return f"{self.current.kid}.{_mark(self.current, purpose, text)}"

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        kid, _, mark = signature.partition(".")
        key = self.key_of(kid)
        return key is not None and hmac.compare_digest(
            _mark(key, purpose, text).encode(), mark.encode()
        )

    def digest(self, text: str) -> str:
        """Return a keyed hash to store in place of `text`; `digests` gives the values to look up."""
        return self.current.digest(text).hex()

    def digests(self, text: str) -> list[str]:
        """Return the digest by each key, the current key's first."""
        return [key.digest(text).hex() for key in self.keys]

    def derived(self, purpose: str) -> bytes:
        """Return a separate key for `purpose`, derived from the current key."""
        return self.current.digest(purpose)


def _mark(key: SigningKey, purpose: str, text: str) -> str:
    return urlsafe_b64encode(key.digest(f"{purpose} {text}")).rstrip(b"=").decode()
