from __future__ import annotations

import pytest

from models.accounts.password_rules import check_password, normalised, strength
from models.errors import InvalidInput

GOOD = [
    "correct-horse-battery",
    "quite-a-secret",
    "ein langer Satz ohne Sinn",
    "沈阳太原街的第三家店卖牛奶",
    "xkqvz mwrty plhgb",
    "🦊 ran over 🌉 twice",
]
BAD = [
    "",
    "short",
    "Xq7#mL2$vB9",  # eleven characters
    "a" * 12,
    "123456789012",
    "Password1234!",
    "P@ssw0rd2026",
    "passwordpassword",
    "qwertyuiop12",
    "1qaz2wsx3edc",
    "abcdefghijkl",
    "woaini5201314",
    "Summer2026!!",
    "admin-password",
    "quintet-demo",
    "Quintet2026!",
    "quintet-admin-1",
    "letmein-letmein",
    "lisilisi2026!",  # the username
    "isilisil-2026",  # the username backwards
    "admin-admin-admin-admin",
    "woshi.woshi.woshi!",
    "x" * 201,
]


@pytest.mark.parametrize("password", GOOD)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert check_password(password, "lisi") == normalised(password)


@pytest.mark.parametrize("password", BAD)
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_password(password, "lisi", path=("input", "newPassword"))
    assert refused.value.path == ("input", "newPassword")


@pytest.mark.parametrize(
    "password",
    [
        "demo-guide-demo-guide",
        "demo-guidedemo-guide",
        "Demo-Guide-Demo-Guide",
        "demoguidedemoguide",
        "demo_guide_2026!",
        "demo.guide.demo.guide.x9",
        "guide demo 123456",
        "d3m0_gu1d3_2026",
        "ediug_omed_ediug_omed",
        "2026!demo!guide!2026",
    ],
)
def test_a_username_is_known_however_its_parts_are_joined(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_password(password, "demo-guide")
    with pytest.raises(InvalidInput):
        check_password(password, "demo.guide@shop.example")


@pytest.mark.parametrize("password", ["kx-7q-tp-zz9-w", "u!8$kd_2#Lw.", "-_-_-_-_ x7 -_-_-_-_ q9z"])
def test_signs_do_not_make_a_password_weak(password: str) -> None:
    assert check_password(password, "demo-guide") == password


def test_a_known_part_counts_two_however_long_it_is() -> None:
    assert strength("password") == strength("qwertyuiop") == 2
    assert strength("zzzzzzzzz") == 1
    assert strength("password-and-more") == 2 + len("and-more")


def test_a_long_password_is_judged_soon() -> None:
    assert strength("password" * 10_000) <= 50
    signs = "".join(chr(0x2100 + number) for number in range(10_000))
    assert strength(signs, "demo-guide") == 200


def test_one_password_is_the_same_however_it_is_typed() -> None:
    assert normalised("Ｐａｓｓ") == "Pass"
    assert normalised("e\u0301") == normalised("é")
