"""A slug is safe in an address, says the product's name and tells codes apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.catalog.slugs import SLUG_LIMIT, slugify

SAFE = re.compile(r"\w+(-\w+)*")


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("6924254673572", "欢乐家久宝桃罐头", "欢乐家久宝桃罐头-6924254673572"),
        ("SKU-1", "可口可乐 500ML（瓶）", "可口可乐-500ml-瓶-sku-1"),
        ("p1", "Crème  Brûlée!", "crème-brûlée-p1"),
        ("p1", "../../etc/passwd?x=1#y", "etc-passwd-x-1-y-p1"),
        ("p1", "ＫＦＣ", "kfc-p1"),
        ("p1", "", "p1"),
        ("p1", "！！", "p1"),
        ("x" * 40, "", "x" * 40),
        ("x" * 41, "", "x" * 40 + "-3164596d"),
    ],
)
def test_slugs(code: str, name: str, expected: str) -> None:
    assert slugify(code, name) == expected


def test_a_long_name_gives_way_to_the_code() -> None:
    slug = slugify("6924254673572", "桃" * 200)
    assert len(slug) == SLUG_LIMIT
    assert slug.endswith("桃-6924254673572")


@pytest.mark.parametrize(
    ("one", "other"), [("A/1", "A-1"), ("!", "?"), ("x" * 90 + "1", "x" * 90 + "2"), ("a b", "a_b")]
)
def test_codes_that_look_alike_stay_apart(one: str, other: str) -> None:
    assert slugify(one, "桃罐头") != slugify(other, "桃罐头")


@example("0" * 39 + ":0", "")
@given(st.text(max_size=100), st.text(max_size=200))
def test_any_slug_is_safe_short_and_repeatable(code: str, name: str) -> None:
    slug = slugify(code, name)
    assert SAFE.fullmatch(slug)
    assert len(slug) <= SLUG_LIMIT
    assert slug == slugify(code, name)
