from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.orders.pickup import (
    ALPHABET,
    CODE_LENGTH,
    RANDOM_BYTES,
    MistypedCode,
    normalise_pickup_code,
    pickup_code,
)

codes = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES).map(pickup_code)
positions = st.integers(0, CODE_LENGTH - 1)


def test_the_code_has_enough_entropy_and_no_lookalikes() -> None:
    assert len(ALPHABET) ** (CODE_LENGTH - 1) >= 2**50
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize(
    ("random_bytes", "code"),
    [
        (bytes(7), "000000000000"),
        (b"\xff" * 7, "ZZZZZZZZZZZK"),
        (bytes(range(1, 8)), "7G1A02C0280Q"),
        (bytes(range(1, 8)) + b"more", "7G1A02C0280Q"),
    ],
)
def test_the_same_random_bytes_make_the_same_code_in_every_version(
    random_bytes: bytes, code: str
) -> None:
    assert pickup_code(random_bytes) == code


def test_a_code_may_have_separators_up_to_a_length() -> None:
    code = pickup_code(bytes(range(1, 8)))
    assert normalise_pickup_code(code + " " * (64 - len(code))) == code
    with pytest.raises(MistypedCode, match="too long"):
        normalise_pickup_code(code + " " * (65 - len(code)))


@given(codes)
def test_a_code_is_read_as_itself(code: str) -> None:
    assert len(code) == CODE_LENGTH
    assert set(code) <= set(ALPHABET)
    assert normalise_pickup_code(code) == code


@given(st.integers(0, 2**55 - 1), st.integers(0, 2**55 - 1))
def test_different_random_bits_make_different_codes(one: int, other: int) -> None:
    assume(one != other)
    assert pickup_code(one.to_bytes(7)) != pickup_code(other.to_bytes(7))


@given(codes)
def test_a_code_may_be_typed_as_people_do(code: str) -> None:
    looks = code.replace("0", "o").replace("1", "l").lower()
    grouped = f" {code[:4]}-{code[4:8]} {code[8:]} "
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in code)
    for typed in (looks, grouped, full_width):
        assert normalise_pickup_code(typed) == code


@given(codes, positions, st.sampled_from(ALPHABET))
def test_every_single_mistyped_character_is_noticed(code: str, at: int, wrong: str) -> None:
    assume(code[at] != wrong)
    with pytest.raises(MistypedCode):
        normalise_pickup_code(code[:at] + wrong + code[at + 1 :])


@given(codes, positions, positions)
def test_every_swap_of_two_characters_is_noticed(code: str, one: int, other: int) -> None:
    assume(code[one] != code[other])
    swapped = list(code)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    with pytest.raises(MistypedCode):
        normalise_pickup_code("".join(swapped))


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_a_mistype(text: str) -> None:
    try:
        code = normalise_pickup_code(text)
    except MistypedCode:
        return
    assert normalise_pickup_code(code) == code


@pytest.mark.parametrize("text", ["", "0" * 11, "0" * 13, "0" * 99, "00000000000!", "－" * 12])
def test_what_has_not_the_form_is_a_mistype(text: str) -> None:
    with pytest.raises(MistypedCode):
        normalise_pickup_code(text)


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="random bytes"):
        pickup_code(bytes(RANDOM_BYTES - 1))
