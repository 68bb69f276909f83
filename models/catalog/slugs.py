"""The slug of a product in URLs."""

from __future__ import annotations

import hashlib
import re
import unicodedata

SLUG_LIMIT = 80
_SEPARATORS = re.compile(r"[\W_]+")


def slugify(code: str, name: str) -> str:
    """Return name and code in lower case with hyphens between words; Chinese characters are kept.

    The slug has at most 80 characters and always contains the code. A code that loses characters gets a
    fingerprint, so that two codes never give the same slug.
    """
    ending = _hyphenate(code)
    if not ending or ending != code.lower() or len(ending) > SLUG_LIMIT // 2:
        fingerprint = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        ending = f"{ending[: SLUG_LIMIT // 2].rstrip('-')}-{fingerprint}".strip("-")
    beginning = _hyphenate(name)[: SLUG_LIMIT - len(ending) - 1].rstrip("-")
    return f"{beginning}-{ending}".strip("-")


def _hyphenate(text: str) -> str:
    return _SEPARATORS.sub("-", unicodedata.normalize("NFKC", text).lower()).strip("-")
