from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.members.numbers import (
    MEMBER_CODE_RANDOM_BYTES,
    PHYSICAL_CARD_PREFIX,
    VIRTUAL_CARD_PREFIX,
    card_number,
    is_member_code,
    is_valid_card_number,
    member_code,
    member_number,
)

sequences = st.integers(0, 10**13 - 1)
prefixes = st.sampled_from([VIRTUAL_CARD_PREFIX, PHYSICAL_CARD_PREFIX])
cards = st.builds(card_number, prefixes, sequences)
random_bytes = st.binary(min_size=MEMBER_CODE_RANDOM_BYTES, max_size=32)


@pytest.mark.parametrize(
    ("prefix", "sequence", "number"),
    [
        ("90", 1, "9000000000000019"),
        # a published test number of a payment scheme, cut into our shape
        ("41", 1111111111111, "4111111111111111"),
        ("55", 5555555555444, "5555555555554444"),
    ],
)
def test_a_card_number_ends_in_its_luhn_digit(prefix: str, sequence: int, number: str) -> None:
    assert card_number(prefix, sequence) == number
    assert is_valid_card_number(number)


def test_a_member_number_ends_in_its_luhn_digit() -> None:
    assert member_number(42) == "M00000000422"


@given(cards)
def test_every_issued_card_is_valid_and_as_long_as_the_others(number: str) -> None:
    assert is_valid_card_number(number)
    assert len(number) == 16


@given(prefixes, sequences, prefixes, sequences)
def test_no_two_cards_share_a_number(
    prefix: str, sequence: int, other_prefix: str, other_sequence: int
) -> None:
    same = (prefix, sequence) == (other_prefix, other_sequence)
    assert (card_number(prefix, sequence) == card_number(other_prefix, other_sequence)) == same


@given(cards, st.integers(0, 15), st.sampled_from("0123456789"))
def test_a_mistyped_digit_is_noticed(number: str, at: int, wrong: str) -> None:
    assume(number[at] != wrong)
    assert not is_valid_card_number(number[:at] + wrong + number[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "900000000000001",
        "90000000000000190",
        "9000000000000019\n",
        "９000000000000019",
        "9000 0000 0000 0019",
        "-900000000000019",
        "٩٠٠٠٠٠٠٠٠٠٠٠٠٠١٩",
        "abcdefghijklmnop",
        pytest.param("9" * 10**6, id="a million digits"),
    ],
)
def test_what_is_no_card_number(text: str) -> None:
    assert not is_valid_card_number(text)


@pytest.mark.parametrize(("prefix", "sequence"), [("9", 1), ("٩٠", 1), ("90", -1), ("90", 10**13)])
def test_a_card_that_does_not_fit_is_refused(prefix: str, sequence: int) -> None:
    with pytest.raises(ValueError, match=r"prefix|fit"):
        card_number(prefix, sequence)


@pytest.mark.parametrize("sequence", [-1, 10**10])
def test_a_member_number_that_does_not_fit_is_refused(sequence: int) -> None:
    with pytest.raises(ValueError, match="fit"):
        member_number(sequence)


@given(random_bytes)
def test_a_member_code_is_no_payment_code_and_no_card(data: bytes) -> None:
    code = member_code(data)
    assert len(code) == 18
    assert code.isascii()
    assert code.isdigit()
    assert not 10 <= int(code[:2]) <= 15
    assert not 25 <= int(code[:2]) <= 30
    assert is_member_code(code)
    assert not is_valid_card_number(code)


@given(st.integers(0, 10**16 - 1))
def test_every_code_can_come_up(digits: int) -> None:
    assert member_code(digits.to_bytes(16)) == f"88{digits:016d}"


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="random bytes"):
        member_code(bytes(MEMBER_CODE_RANDOM_BYTES - 1))


@pytest.mark.parametrize(
    "text", ["", "88", "13" + "0" * 16, "28" + "0" * 16, "88" + "0" * 17, "88" + "٠" * 16]
)
def test_what_is_no_member_code(text: str) -> None:
    assert not is_member_code(text)
