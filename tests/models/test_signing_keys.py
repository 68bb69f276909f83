from __future__ import annotations

import pytest

from models.integrations.signing import salt_of, secret_of, secrets_of
from models.keys.signing_keys import KeyRing, SigningKey

OLD, NEW = "o" * 32, "n" * 32
BEFORE, AMID, AFTER = KeyRing.of(OLD), KeyRing.of(NEW, [OLD]), KeyRing.of(NEW)


def test_what_the_old_key_signed_is_good_until_it_is_taken_out() -> None:
    signature = BEFORE.sign("link", "/files/1 99")
    assert BEFORE.verify("link", "/files/1 99", signature)
    assert AMID.verify("link", "/files/1 99", signature)
    assert not AFTER.verify("link", "/files/1 99", signature)


def test_the_new_key_signs_as_soon_as_it_is_there() -> None:
    signature = AMID.sign("link", "x")
    assert signature.partition(".")[0] == AMID.current.kid != BEFORE.current.kid
    assert AFTER.verify("link", "x", signature)
    assert not BEFORE.verify("link", "x", signature)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mark: "",
        lambda mark: ".",
        lambda mark: mark[:-2],
        lambda mark: mark.partition(".")[2],
        lambda mark: "00000000." + mark.partition(".")[2],
        lambda mark: mark.partition(".")[0] + ".签名",
    ],
)
def test_nothing_else_is_a_signature(spoil) -> None:
    assert not AMID.verify("link", "x", spoil(AMID.sign("link", "x")))


def test_a_signature_is_good_for_its_text_and_purpose_alone() -> None:
    signature = AMID.sign("link", "x")
    assert not AMID.verify("link", "y", signature)
    assert not AMID.verify("page", "x", signature)


def test_a_stored_hash_is_found_again_under_each_key() -> None:
    assert BEFORE.digest("code") in AMID.digests("code")
    assert AMID.digest("code") == AMID.digests("code")[0]
    assert BEFORE.digest("code") not in AFTER.digests("code")


def test_keys_show_in_no_text() -> None:
    assert OLD not in repr(AMID)
    assert NEW not in repr(AMID)


def test_a_webhook_keeps_its_secret_while_its_key_is_there() -> None:
    salt = salt_of(BEFORE, "random")
    assert secrets_of(AMID, salt) == secrets_of(BEFORE, salt) == [secret_of(OLD, salt)]
    assert secrets_of(AFTER, salt) == []
    assert secrets_of(AMID, "a-salt_of-before") == [
        secret_of(NEW, "a-salt_of-before"),
        secret_of(OLD, "a-salt_of-before"),
    ]


def test_keys_are_those_that_are_set_each_once_the_current_one_first() -> None:
    assert KeyRing.of(NEW, [OLD, NEW]) == KeyRing((SigningKey(NEW), SigningKey(OLD)))
    assert KeyRing.of(OLD).current == SigningKey(OLD)


def test_what_is_signed_and_stored_is_found_by_later_versions() -> None:
    key = SigningKey(OLD)
    assert key.kid == "5e1e1bfd"
    assert key.digest("x").hex() == (
        "98250fe642f7d16d12a484aa94412e789a57f0ed23f71c30338e26b177ca5804"
    )
