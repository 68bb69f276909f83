"""Encryption at rest: a key ring, values bound to their column, and blind indexes for equality search.

A stored value is `1.KID.BASE64`, where BASE64 is the URL-safe base64 of nonce (12 bytes), ciphertext and
tag (16 bytes). The associated data names table and column, so a value copied into another column is not
decrypted. A blind index is an HMAC truncated to 120 bits: equal texts have equal indexes, and only the
holder of the key can tell which text an index belongs to.

Source: NIST SP 800-38D (AES-GCM), RFC 5869 (HKDF), RFC 2104 (HMAC). With random nonces a key encrypts at
most 2³² values.
"""

from __future__ import annotations

import hmac
import os
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Generic, Self, TypeVar, cast, overload

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

T = TypeVar("T")

KEY_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 15  # twenty characters of base64
FORMAT = "1"
_KID = re.compile(r"[A-Za-z0-9-]{1,32}")


DEVELOPMENT_KID = "development"


def _development_keys() -> str:
    known_to_all = sha256(b"development-only: never encrypt anything real with this").digest()
    return f"{DEVELOPMENT_KID}:{b64encode(known_to_all).decode()}"


DEVELOPMENT_KEYS = _development_keys()


class InvalidKeys(ValueError):
    """The list of keys is invalid; the message is a sentence that contains no key."""


class Undecryptable(Exception):
    """No key of the ring encrypted the stored value, or it belongs to another column."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring. Its secret is only used to derive one key for each purpose."""

    kid: str
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(init=False, repr=False)
    index_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cipher", AESGCM(_derived(self.secret, b"quintet encryption")))
        object.__setattr__(self, "index_key", _derived(self.secret, b"quintet blind index"))

    def index(self, purpose: str, text: str) -> str:
        """Return the blind index of a text, 20 characters; `purpose` separates the indexes of columns."""
        digest = hmac.digest(self.index_key, f"{purpose}\0{text}".encode(), sha256)
        return urlsafe_b64encode(digest[:INDEX_BYTES]).decode()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys of which the first encrypts and all decrypt."""

    keys: tuple[Key, ...]

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Parse `KID:BASE64, KID:BASE64`. Raises: InvalidKeys."""
        keys: dict[str, Key] = {}
        for entry in text.replace(",", " ").split():
            kid, _, encoded = entry.partition(":")
            if not _KID.fullmatch(kid):
                raise InvalidKeys("Each key is KID:BASE64, KID 1 to 32 letters, digits or hyphens.")
            if kid in keys:
                raise InvalidKeys(f"The key {kid} is listed twice.")
            keys[kid] = Key(kid, _secret(kid, encoded))
        if not keys:
            raise InvalidKeys("There is no key.")
        return cls(tuple(keys.values()))

    @property
    def first(self) -> Key:
        return self.keys[0]

    def key(self, kid: str) -> Key | None:
        return next((key for key in self.keys if key.kid == kid), None)

    def indexes(self, purpose: str, text: str) -> dict[str, str]:
        """Return the blind indexes of a text by key ID, in the order of the keys."""
        return {key.kid: key.index(purpose, text) for key in self.keys}

    def encrypt(self, text: str, context: bytes) -> str:
        nonce, key = os.urandom(NONCE_BYTES), self.keys[0]
        sealed = nonce + key.cipher.encrypt(nonce, text.encode(), context)
        return f"{FORMAT}.{key.kid}.{urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, stored: str, context: bytes) -> str:
        """Return the plain text. Raises: Undecryptable, which contains neither the value nor a key."""
        version, _, rest = stored.partition(".")
        kid, _, encoded = rest.partition(".")
        key = self.key(kid)
        if version != FORMAT or key is None:
            raise Undecryptable(
                f"{context.decode()}: no key of QUINTET_DATA_KEYS encrypted this value"
            )
        try:
            sealed = urlsafe_b64decode(encoded)
            return key.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context).decode()
        except (InvalidTag, ValueError) as error:
            raise Undecryptable(f"{context.decode()}: the stored value was changed") from error


def kid_of(stored: str) -> str:
    """Return the ID of the key that a stored value names."""
    return stored.partition(".")[2].partition(".")[0]


_ring: list[KeyRing] = []


def use(keys: str) -> None:
    """Use these keys in this process from now on. Raises: InvalidKeys."""
    _ring[:] = [KeyRing.parse(keys or DEVELOPMENT_KEYS)]


def ring() -> KeyRing:
    """Return the keys that `models.database.connect` was given."""
    return _ring[0]


class EncryptedText(Generic[T]):
    """An attribute of a row that decrypts an encrypted column when read and encrypts when set.

    `phone = EncryptedText[str | None]("member")` accesses the field `encrypted_phone` of its row. Key
    rotation finds the column by this attribute, so its table must have a primary key `id`.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        self.column = ""
        self.context = b""

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"encrypted_{name}"
        self.context = f"{self.table}.{self.column}".encode()

    def encrypt(self, value: T) -> str | None:
        return None if value is None else ring().encrypt(self._as_text(value), self.context)

    def decrypt(self, stored: str | None) -> T:
        """Return the plain value. Raises: Undecryptable."""
        text = None if stored is None else ring().decrypt(stored, self.context)
        return cast(T, None if text is None else self._of_text(text))

    def again(self, stored: str) -> str:
        """Return the stored value re-encrypted by the first key. Raises: Undecryptable."""
        return ring().encrypt(ring().decrypt(stored, self.context), self.context)

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> T: ...
    def __get__(self, row: object | None, owner: type) -> Self | T:
        return self if row is None else self.decrypt(getattr(row, self.column))

    def __set__(self, row: object, value: T) -> None:
        setattr(row, self.column, self.encrypt(value))

    def _as_text(self, value: Any) -> str:
        return cast(str, value)

    def _of_text(self, text: str) -> Any:
        return text


class EncryptedJson(EncryptedText[T]):
    """An `EncryptedText` whose value is a JSON document."""

    def _as_text(self, value: Any) -> str:
        return orjson.dumps(value).decode()

    def _of_text(self, text: str) -> Any:
        return orjson.loads(text)


def _secret(kid: str, encoded: str) -> bytes:
    try:
        secret = b64decode(encoded, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise InvalidKeys(f"The key {kid} is not {KEY_BYTES} bytes in base64.")
    return secret


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
