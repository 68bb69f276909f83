from __future__ import annotations

from datetime import date
from enum import StrEnum

import pytest

from models.errors import StateConflict
from models.stock.state_machines import actions_of, document_number, next_status


class S(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"


class A(StrEnum):
    FINISH = "FINISH"
    TOUCH = "TOUCH"


LIFE = {S.OPEN: {A.FINISH: S.DONE, A.TOUCH: S.OPEN}}


def test_an_action_leads_where_the_table_says() -> None:
    assert next_status(LIFE, S.OPEN, A.FINISH) is S.DONE
    assert actions_of(LIFE, S.OPEN) == (A.FINISH, A.TOUCH)
    assert actions_of(LIFE, S.DONE) == ()


def test_what_the_table_does_not_say_is_refused_with_what_may_be_done() -> None:
    with pytest.raises(StateConflict) as refused:
        next_status(LIFE, S.DONE, A.FINISH)
    assert (refused.value.state, refused.value.allowed) == ("DONE", ())


@pytest.mark.parametrize(
    ("position", "number"), [(1, "TR-20261125-0001"), (12345, "TR-20261125-12345")]
)
def test_numbers_are_readable(position: int, number: str) -> None:
    assert document_number("TR", date(2026, 11, 25), position) == number
