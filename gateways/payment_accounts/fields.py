"""Reading a table of the accounts' file, each mistake with a sentence that names the file and the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from settings_checks import PREFIX, SettingsError

VARIABLE = f"{PREFIX}PAYMENT_ACCOUNTS"
LONGEST_TEXT, LARGEST_FILE = 200, 64 * 1024
FEWEST_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Fields:
    """One table of the file at `file`; `name`: its name in the file, such as `merchants.QUINTET.alipay`.

    Every method raises SettingsError.
    """

    file: Path
    name: str
    values: dict[str, Any]

    def fault(self, field: str, what: str) -> SettingsError:
        """Return an error about a field."""
        where = f"{self.name}.{field}" if self.name else field
        return SettingsError(f"{VARIABLE}: in {self.file.name}, {where} {what}.")

    def only(self, known: Collection[str]) -> None:
        """Refuse fields that nobody reads: a typo must not become a default."""
        for field in self.values:
            if field not in known:
                raise self.fault(field, f"is none of {', '.join(sorted(known))}")

    def table(self, field: str) -> Fields:
        value = self.values.get(field)
        if not isinstance(value, dict):
            raise self.fault(field, "must be a table")
        return Fields(self.file, f"{self.name}.{field}" if self.name else field, value)

    def tables(self) -> dict[str, Fields]:
        """Return every value of the table, which must all be tables."""
        return {field: self.table(field) for field in self.values}

    def text(self, field: str, pattern: str, what: str, default: str | None = None) -> str:
        """Return a text of a pattern; `what` it must be."""
        value = self.values.get(field, default)
        if (
            not isinstance(value, str)
            or len(value) > LONGEST_TEXT
            or not re.fullmatch(pattern, value, re.ASCII)
        ):
            raise self.fault(field, f"must be {what}")
        return value

    def flag(self, field: str) -> bool:
        value = self.values.get(field, False)
        if not isinstance(value, bool):
            raise self.fault(field, "must be true or false")
        return value

    def address(self, field: str, default: str) -> str:
        """Return the address of a provider, without a final slash."""
        value = self.values.get(field, default)
        try:
            parts = urlsplit(value if isinstance(value, str) else "")
            is_whole = bool(parts.hostname) and (parts.port or 443) > 0
        except ValueError:
            is_whole = False
        if not is_whole or parts.query or parts.fragment or parts.username:
            raise self.fault(field, "must be an address such as https://api.example")
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise self.fault(field, "must begin with https://")
        return str(value).rstrip("/")

    def secret(self, field: str, pattern: str, what: str) -> str:
        """Return the text in the file that the field names."""
        text = self._content(field).decode("utf-8", errors="replace").strip()
        if not re.fullmatch(pattern, text, re.ASCII):
            raise self.fault(field, f"names a file that must hold {what}")
        return text

    def private_key(self, field: str) -> RSAPrivateKey:
        def load(pem: bytes) -> object:
            return load_pem_private_key(pem, password=None)

        key = self._key(field, load, "an RSA private key in PEM, without a password")
        if not isinstance(key, RSAPrivateKey) or key.key_size < FEWEST_KEY_BITS:
            raise self._no_key(field, "an RSA private key in PEM, without a password")
        return key

    def public_key(self, field: str) -> RSAPublicKey:
        key = self._key(field, load_pem_public_key, "an RSA public key in PEM")
        if not isinstance(key, RSAPublicKey) or key.key_size < FEWEST_KEY_BITS:
            raise self._no_key(field, "an RSA public key in PEM")
        return key

    def _key(self, field: str, load: Callable[[bytes], object], what: str) -> object:
        pem = self._content(field)
        try:
            return load(pem)
        except (ValueError, TypeError) as error:
            raise self._no_key(field, what) from error

    def _no_key(self, field: str, what: str) -> SettingsError:
        return self.fault(
            field, f"names a file that must hold {what}, of {FEWEST_KEY_BITS} bits or more"
        )

    def _content(self, field: str) -> bytes:
        """Return the content of the file that a field names, by default below the accounts' folder."""
        value = self.values.get(field)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.fault(field, "must be the path of a file")
        if "-----BEGIN" in value:
            raise self.fault(field, "must be the path of a file, and no key itself")
        try:
            with (self.file.parent / value).open("rb") as opened:
                content = opened.read(LARGEST_FILE + 1)
        except OSError as error:
            why = error.strerror or "it cannot be opened"
            raise self.fault(field, f"names a file that cannot be read: {why}") from error
        if len(content) > LARGEST_FILE:
            raise self.fault(field, "names a file that is too large for a key")
        return content
