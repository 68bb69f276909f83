"""Fail when a schema takes away what clients of an earlier one rely on.

    python .ci/breaking_changes.py EARLIER.graphql schema/schema.graphql CHANGELOG.md

A change that is meant is accepted once the changelog quotes its description word for word.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graphql import build_schema
from graphql.utilities import find_breaking_changes


def breaking_changes(earlier: str, current: str, changelog: str = "") -> list[str]:
    """Descriptions of what breaks between two SDL documents and is not in the changelog."""
    found = find_breaking_changes(build_schema(earlier), build_schema(current))
    return [change.description for change in found if change.description not in changelog]


def main(paths: list[str]) -> int:
    found = breaking_changes(*(Path(path).read_text(encoding="utf-8") for path in paths))
    for description in found:
        print(f"breaks clients: {description}")
    print(f"{len(found)} breaking changes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
