from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.members.rules import masked_name, masked_phone


@pytest.mark.parametrize(
    ("name", "masked"), [("王小明", "王*"), ("Anna", "A*"), ("王", "*"), ("欧阳", "欧*")]
)
def test_a_name_keeps_its_first_character(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613800001234", "138****1234"),
        ("+85291234567", "+852****67"),
        ("+14155552671", "+141****71"),
        ("+8602412345678", "+860****78"),  # a fixed line
        ("+86138001234", "+861****34"),
        ("+12345678", "+123****78"),
        ("+1234567", "****"),
    ],
)
def test_a_phone_loses_its_middle(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_at_least_a_third_of_a_phone_is_hidden(phone: str) -> None:
    shown = masked_phone(phone).replace("****", "")
    assert phone not in masked_phone(phone)
    assert len(shown) <= 7
