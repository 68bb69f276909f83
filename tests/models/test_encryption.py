"""Encrypted columns: bound to their column, readable by every key of the ring, unreadable by any other."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.keys import encryption
from models.keys.encryption import EncryptedJson, EncryptedText, KeyRing, Undecryptable

OLD = f"old:{b64encode(b'o' * 32).decode()}"
NEW = f"new:{b64encode(b'n' * 32).decode()}"
PHONE = "+8613800001234"


class Toy:
    """Rows of a table that no database has."""

    encrypted_phone: str | None = None
    encrypted_name: str | None = None
    encrypted_address: str | None = None
    phone = EncryptedText[str | None]("toy")
    name = EncryptedText[str | None]("toy")
    address = EncryptedJson[dict[str, Any] | None]("toy")


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    encryption.use(OLD)
    yield
    encryption.use("")


def test_a_value_is_stored_so_that_nobody_reads_it_and_comes_back() -> None:
    row = Toy()
    row.phone = PHONE
    assert row.encrypted_phone is not None
    assert row.encrypted_phone.startswith("1.old.")
    assert "1380000" not in row.encrypted_phone
    assert row.phone == PHONE
    stored, row.phone = row.encrypted_phone, PHONE
    assert row.encrypted_phone != stored  # a nonce of its own each time
    row.phone = None
    assert (row.encrypted_phone, row.phone) == (None, None)


@given(
    st.dictionaries(
        st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none()
    )
)
def test_a_document_comes_back_as_it_was(address: dict[str, Any]) -> None:
    row = Toy()
    row.address = address
    assert row.address == address


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    by_old = Toy.phone.encrypt(PHONE)
    encryption.use(f"{NEW}, {OLD}")
    by_new = Toy.phone.encrypt(PHONE)
    assert by_old
    assert by_new
    assert by_new.startswith("1.new.")
    assert Toy.phone.decrypt(by_old) == Toy.phone.decrypt(by_new) == PHONE
    assert Toy.phone.again(by_old).startswith("1.new.")
    encryption.use(NEW)
    assert Toy.phone.decrypt(by_new) == PHONE
    with pytest.raises(Undecryptable, match=r"toy\.encrypted_phone: no key"):
        Toy.phone.decrypt(by_old)


def test_a_value_of_another_column_another_key_or_another_hand_is_refused() -> None:
    stored = Toy.phone.encrypt(PHONE)
    assert stored
    for wrong in (PHONE, "", "1.old", "1.old.", "1.old.AAAA", "1.old.?", "2" + stored[1:]):
        with pytest.raises(Undecryptable) as refused:
            Toy.phone.decrypt(wrong)
        assert "1380000" not in str(refused.value)
    changed = stored[:-3] + ("A" if stored[-3] != "A" else "B") + stored[-2:]
    with pytest.raises(Undecryptable, match="was changed"):
        Toy.phone.decrypt(changed)
    with pytest.raises(Undecryptable, match=r"toy\.encrypted_name"):
        Toy.name.decrypt(stored)
    encryption.use(f"old:{b64encode(b'x' * 32).decode()}")
    with pytest.raises(Undecryptable, match="was changed"):
        Toy.phone.decrypt(stored)


def test_an_index_finds_equals_and_tells_purposes_and_keys_apart() -> None:
    ring = KeyRing.parse(f"{NEW},{OLD}")
    found = ring.indexes("phone", PHONE)
    assert list(found) == ["new", "old"]
    assert found == ring.indexes("phone", PHONE)
    assert {len(each) for each in found.values()} == {20}
    others = [*ring.indexes("code", PHONE).values(), *ring.indexes("phone", PHONE + "0").values()]
    assert len({*found.values(), *others}) == 6
    assert KeyRing.parse(OLD).indexes("phone", PHONE)["old"] == found["old"]


def test_no_key_is_printed() -> None:
    ring = KeyRing.parse(OLD)
    assert "oooo" not in repr(ring)
    assert b64encode(b"o" * 32).decode() not in repr(ring)
