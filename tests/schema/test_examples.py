from __future__ import annotations

import pytest
from graphql import parse, validate

from schema import schema
from tests.make.documents import all_documents, document


@pytest.mark.parametrize("name", all_documents())
def test_every_example_is_valid(name: str) -> None:
    assert validate(schema._schema, parse(document(name))) == []
