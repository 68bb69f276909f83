"""The documents of `examples/`, by folder and name: `document("phone/cart")`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def document(name: str) -> str:
    return (EXAMPLES / f"{name}.graphql").read_text(encoding="utf-8")


def all_documents() -> list[str]:
    return sorted(f"{path.parent.name}/{path.stem}" for path in EXAMPLES.glob("*/*.graphql"))
