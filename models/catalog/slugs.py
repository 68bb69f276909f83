"""What a product is called in an address."""

from __future__ import annotations

import hashlib
import re
import unicodedata

SLUG_LIMIT = 80
_SEPARATORS = re.compile(r"[\W_]+")


def slugify(code: str, name: str) -> str:
    """Name and code in lower case with hyphens between words; Chinese stays as it is.

    At most 80 characters, of which the code keeps its own. A code that loses characters on the
    way gets a fingerprint, lest two codes become one.
    """
    ending = _hyphenate(code)
    if not ending or ending != code.lower() or len(ending) > SLUG_LIMIT // 2:
        fingerprint = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        ending = f"{ending[: SLUG_LIMIT // 2].rstrip('-')}-{fingerprint}".strip("-")
    beginning = _hyphenate(name)[: SLUG_LIMIT - len(ending) - 1].rstrip("-")
    return f"{beginning}-{ending}".strip("-")


def _hyphenate(text: str) -> str:
    return _SEPARATORS.sub("-", unicodedata.normalize("NFKC", text).lower()).strip("-")
