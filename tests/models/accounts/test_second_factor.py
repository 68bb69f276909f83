from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime

import pytest

from models.accounts.second_factor import (
    is_recovery_code,
    matching_step,
    provisioning_uri,
    recovery_code,
    recovery_hash,
)

SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
    ],
)
def test_codes_are_those_of_the_standard(moment: int, code: str) -> None:
    """Source: RFC 6238, appendix B, the last six digits."""
    at = datetime.fromtimestamp(moment, UTC)
    assert matching_step(SECRET, code, at) == moment // 30
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", at) == moment // 30


@pytest.mark.parametrize(
    ("seconds", "is_good"), [(-60, False), (-30, True), (30, True), (60, False)]
)
def test_clocks_may_differ_by_one_step(seconds: int, is_good: bool) -> None:
    at = datetime.fromtimestamp(1_111_111_109 + seconds, UTC)
    assert (matching_step(SECRET, "081804", at) is not None) is is_good


@pytest.mark.parametrize(
    "code", ["", "0", "081805", "0818040", "０８１８０４", "\ud800", "x" * 5000]
)
def test_anything_else_is_wrong(code: str) -> None:
    assert matching_step(SECRET, code, datetime.fromtimestamp(1_111_111_109, UTC)) is None


def test_a_recovery_code_is_read_however_it_is_typed() -> None:
    code = recovery_code(bytes(range(10)))
    assert len(code) == 19
    assert is_recovery_code(code)
    assert recovery_hash(code) == recovery_hash(code.lower().replace("-", " "))
    assert recovery_hash(code) == recovery_hash(code.replace("0", "O").replace("1", "l"))
    assert recovery_hash("1111") == recovery_hash("iIlL") != recovery_hash("0000")
    assert recovery_hash("0000") == recovery_hash("oO0o")
    assert recovery_hash(code) != recovery_hash(recovery_code(bytes(10)))
    assert not is_recovery_code("123456")
    with pytest.raises(ValueError, match="10 random bytes"):
        recovery_code(b"")


def test_a_recovery_code_holds_all_of_its_random_bits() -> None:
    assert recovery_code(bytes(range(10))) == "902E-03M0-4R04-G000"
    assert recovery_code(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert recovery_code(bytes(9) + b"\x01") == "1000-0000-0000-0000"


def test_a_long_text_is_read_up_to_its_64th_character() -> None:
    assert recovery_hash("A" * 64) == recovery_hash("A" * 65) != recovery_hash("A" * 63)


def test_an_authenticator_learns_whose_secret_it_is() -> None:
    uri = provisioning_uri(SECRET, "li.lei@shop")
    assert uri.startswith("otpauth://totp/Quintet:li.lei%40shop?")
    assert SECRET in uri
