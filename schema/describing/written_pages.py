"""Sections of pages in `docs/` that `make schema` writes from the code."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def with_section(page: Path, name: str, section: str) -> str:
    """The page with what stands between the marks of `name` made anew."""
    begin, end = f"<!-- {name}: written by `make schema` -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    return f"{before}{begin}\n{section}\n{end}{rest.split(end)[1]}"
