"""What a signed notification may say, and everything that it may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.notifications import read_notification
from gateways.payments import Notification, UnreadableNotification
from models.money import MAX_MINOR
from tests.make.notifications import GOOD, HOSTILE, changed


def test_a_notification_is_read_as_it_is_written() -> None:
    assert read_notification(changed()) == Notification(**GOOD)
    assert read_notification(changed(amount_minor=MAX_MINOR)).amount_minor == MAX_MINOR


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_unreadable(name: str) -> None:
    with pytest.raises(UnreadableNotification):
        read_notification(HOSTILE[name])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), VALUES, max_size=5))
def test_whatever_the_fields_hold_it_is_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        read = read_notification(changed(**fields))
    except UnreadableNotification:
        return
    assert all(type(getattr(read, name)) is type(GOOD[name]) for name in GOOD)
    assert 0 <= read.amount_minor <= MAX_MINOR
    assert len(read.reference) <= 32


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(UnreadableNotification):
        read_notification(body)
