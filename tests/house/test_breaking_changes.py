"""A schema may grow; taking away is found, unless the changelog says that it is meant."""

from __future__ import annotations

import runpy

import pytest

from tests.house.source import ROOT

breaking_changes = runpy.run_path(str(ROOT / ".ci" / "breaking_changes.py"))["breaking_changes"]
EARLIER = """
type Query { count: Int product(code: String): Product }
type Product { name: String! stock: Int! }
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" stock: Int!", ""),
        ("stock: Int!", "stock: Int"),
        ("code: String", "code: String!"),
        ("product(code: String)", "product"),
    ],
)
def test_what_breaks_clients_is_found_and_can_be_meant(old: str, new: str) -> None:
    current = EARLIER.replace(old, new)
    (found,) = breaking_changes(EARLIER, current)
    assert breaking_changes(EARLIER, current, f"### Removed\n- {found}\n") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("stock: Int!", "stock: Int! price: Float"), ("code: String", "code: String, slug: String")],
)
def test_growth_breaks_nothing(old: str, new: str) -> None:
    assert breaking_changes(EARLIER, EARLIER.replace(old, new)) == []
