"""Documents that clients were built with, read from the manifests that their build tools write.

Source: GraphQL Code Generator, client preset, `persistedDocuments`: {"<hash>": "<document>"}; Apollo,
`generate-persisted-query-manifest`: {"format": "apollo-persisted-query-manifest", "operations": […]}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import orjson

from settings import SettingsError

APOLLO_FORMAT = "apollo-persisted-query-manifest"


@dataclass(frozen=True)
class TrustedDocuments:
    """Texts by the ID in their manifest, and by their SHA-256 too, which a client may send instead."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    texts: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        hashes = {sha256(text.encode()).hexdigest(): text for text in self.by_id.values()}
        object.__setattr__(self, "by_id", {**hashes, **self.by_id})
        object.__setattr__(self, "texts", frozenset(self.by_id.values()))

    def find(self, document_id: str) -> str | None:
        """By ID; `sha256:` may stand before a hash."""
        return self.by_id.get(document_id) or self.by_id.get(document_id.removeprefix("sha256:"))


def read_trusted_documents(path: str) -> TrustedDocuments:
    """Read a manifest, or all `*.json` of a folder, one for each client; none for an empty path.

    Raises: SettingsError.
    """
    if not path:
        return TrustedDocuments()
    place = Path(path)
    files = sorted(place.glob("*.json")) if place.is_dir() else [place]
    by_id: dict[str, str] = {}
    for file in files:
        by_id.update(_read(file))
    if not by_id:
        raise SettingsError(f"QUINTET_TRUSTED_DOCUMENTS names no document: {path}.")
    return TrustedDocuments(by_id)


def _read(file: Path) -> dict[str, str]:
    try:
        manifest = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"QUINTET_TRUSTED_DOCUMENTS: {file} cannot be read: {error}") from error
    if isinstance(manifest, dict) and manifest.get("format") == APOLLO_FORMAT:
        operations = manifest.get("operations")
        if isinstance(operations, list) and all(isinstance(each, dict) for each in operations):
            manifest = {each.get("id", ""): each.get("body") for each in operations}
    if not isinstance(manifest, dict) or not all(
        isinstance(text, str) for text in manifest.values()
    ):
        raise SettingsError(
            f"QUINTET_TRUSTED_DOCUMENTS: {file} is no manifest of persisted documents."
        )
    return manifest
