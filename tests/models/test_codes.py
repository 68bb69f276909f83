from __future__ import annotations

import pytest

from models.chinese import simplified, spellings
from models.codes import chosen, folded, number_of


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
