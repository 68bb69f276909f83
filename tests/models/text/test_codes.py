from __future__ import annotations

import unicodedata
from types import SimpleNamespace
from typing import Literal

import pytest

from models.text import codes
from models.text.chinese import simplified, spellings
from models.text.codes import LONGEST_TYPED, chosen, folded, half_width, is_too_long, number_of


@pytest.mark.parametrize(
    "typed",
    [
        "MILK-1L",
        "milk-1l",
        " Milk-1L ",
        "MILK - 1L",
        "ＭＩＬＫ－１Ｌ",
        "mi\u200blk-1l",
        "MILK-1L\u3000\t",
    ],
)
def test_a_code_is_the_same_whatever_case_width_and_blanks(typed: str) -> None:
    assert folded(typed) == "milk-1l"


def test_a_number_is_in_upper_case_and_a_nul_is_no_part_of_it() -> None:
    assert number_of(" ２６０１３１ab\0 c") == "260131ABC"


def test_what_is_written_exactly_so_comes_first_and_a_choice_of_others_is_none() -> None:
    both = [("MILK", 1), ("Milk", 2)]
    assert chosen("Milk ", both) == 2
    assert chosen("milk", both) is None
    assert chosen("milk", both[:1]) == 1
    assert chosen("milk", []) is None


@pytest.mark.parametrize("length", [1, LONGEST_TYPED, LONGEST_TYPED + 1, 10_000])
def test_a_character_that_stands_for_many_makes_no_code_long(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    looked_at: list[int] = []

    def normalise(form: Literal["NFKC"], text: str) -> str:
        looked_at.append(len(text))
        return unicodedata.normalize(form, text)

    folding = SimpleNamespace(normalize=normalise, category=unicodedata.category)
    monkeypatch.setattr(codes, "unicodedata", folding)
    assert len(half_width("\ufdfa" * length)) <= LONGEST_TYPED + 1
    assert sum(looked_at) <= LONGEST_TYPED


def test_a_code_of_any_width_is_as_long_as_any_code() -> None:
    assert half_width("Ａ" * 64) == "A" * 64
    assert half_width("A" * 10_000) == "A" * (LONGEST_TYPED + 1)
    assert half_width("ﬃ" * LONGEST_TYPED) == "ffi" * (LONGEST_TYPED // 3 + 1)


def test_a_code_is_typed_in_so_many_characters_at_most() -> None:
    assert not is_too_long("A" * LONGEST_TYPED)
    assert is_too_long("A" * (LONGEST_TYPED + 1))


@pytest.mark.parametrize(
    ("traditional", "simple"),
    [
        ("臺灣", "台湾"),
        ("滷肉飯糰", "卤肉饭团"),
        ("乾麵", "干面"),
        ("雞蛋 Egg 10入", "鸡蛋 Egg 10入"),
        ("纯牛奶", "纯牛奶"),
        ("milk", "milk"),
    ],
)
def test_traditional_characters_are_simplified_one_by_one(traditional: str, simple: str) -> None:
    assert simplified(traditional) == simple
    assert len(simplified(traditional)) == len(traditional)


def test_a_name_is_spelled_in_both_ways_at_most_so_often() -> None:
    assert {"台湾", "臺灣", "台灣", "臺湾"} <= set(spellings("台湾"))
    assert spellings("Milk 1") == ["Milk 1"]
    assert spellings("臺灣")[0] == "臺灣"
    assert len(spellings("台后发面里" * 4, 32)) <= 33
