from __future__ import annotations

import ast

import pytest

from tests.house.digits import MEASURED, OWN, unmeasured_digits
from tests.house.source import product


def test_no_text_is_read_as_a_number_before_its_length_is_known() -> None:
    assert list(unmeasured_digits(product())) == []


def test_the_table_names_only_what_is_there() -> None:
    found = {
        f"{module.path.as_posix()}: {ast.unparse(node)}"
        for module in product()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
    }
    assert sorted((MEASURED | OWN) - found) == []


@pytest.mark.parametrize(
    "text",
    [
        "number = int(typed)",
        "number = Decimal(typed)",
        "moment = datetime.fromisoformat(typed)",
        "number = int(node.value)",
        "Route('/files/{id:int}', endpoint)",
    ],
)
def test_a_text_of_unknown_length_is_found(sample, text: str) -> None:
    assert [each.partition(": ")[0] for each in unmeasured_digits(sample("schema/a.py", text))] == [
        "schema/a.py:1"
    ]


@pytest.mark.parametrize(
    "text", ["number = whole_number(typed)", "n = int(rows[0]['n'])", "n = int(span.total())"]
)
def test_numbers_that_are_our_own_are_left_alone(sample, text: str) -> None:
    assert list(unmeasured_digits(sample("schema/a.py", text))) == []
