from __future__ import annotations

import pytest

from models.text.phone_numbers import InvalidPhone, NotMobile, contact_number, mobile_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800138000", "+8613800138000"),
        (" 138 0013-8000 ", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("（138）0013　8000", "+8613800138000"),
        ("+86 199 0000 0000", "+8619900000000"),
        ("14400000000", "+8614400000000"),
        ("+852 9123 4567", "+85291234567"),
        ("+886 912 345 678", "+886912345678"),
        ("+1 202 555 0123", "+12025550123"),
    ],
)
def test_a_mobile_number_is_found_in_what_was_typed(typed: str, number: str) -> None:
    assert mobile_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", InvalidPhone),
        ("1.38E+10", InvalidPhone),
        ("138001", InvalidPhone),
        ("1" * 200, InvalidPhone),
        ("milk", InvalidPhone),
        ("024-23456789", NotMobile),
        ("+852 2345 6789", NotMobile),
        ("400-820-8820", NotMobile),
        ("1380013800", NotMobile),
        ("13800138000 ext. 7", NotMobile),
    ],
)
def test_what_no_text_message_reaches_is_no_mobile_number(
    typed: str, fault: type[InvalidPhone]
) -> None:
    with pytest.raises(fault):
        mobile_number(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("024-23456789", "024-23456789"),
        ("（024）２３４５　６７８９", "(024)2345 6789"),
        ("024-23456789转8", "024-23456789转8"),
        ("+86 (24) 2345-6789 ext. 12", "+86 (24) 2345-6789 ext. 12"),
        ("400-820-8820", "400-820-8820"),
        ("10086", "10086"),
        ("110", "110"),
        ("13800138000", "13800138000"),
        ("024-1234567 / 13800138000", "024-1234567 / 13800138000"),
        ("415.555.0100", "415.555.0100"),
    ],
)
def test_a_contact_number_is_kept_as_it_was_written(typed: str, kept: str) -> None:
    assert contact_number(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "1.38E+10",
        "1.38001E+10",
        "13800138000.0",
        "13800138000.00",
        "n/a",
        "-",
        "12",
        "1" * 16,
        "ask 王",
        "024-1234567 /",
        "\x1b[2J",
        "0241234567\x07",
        "1" * 33,
        "1" * 10_000,
    ],
)
def test_what_nobody_can_dial_is_no_contact_number(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        contact_number(typed)


WIDE = "024-1234567" + " " * 40 + "/ 13800138000"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("024-1234567 / 13800138000 / 1008", "024-1234567 / 13800138000 / 1008"),
        ("024-1234567 / 13800138000 / 10086", None),
        (WIDE, "024-1234567 / 13800138000"),
        (f"{WIDE} ", None),
        (f"{WIDE}{' ' * 30}", None),
        ("1" * 15, "1" * 15),
        ("1" * 16, None),
    ],
)
def test_a_contact_number_has_a_length(typed: str, kept: str | None) -> None:
    if kept is not None:
        assert contact_number(typed) == kept
        return
    with pytest.raises(InvalidPhone):
        contact_number(typed)
