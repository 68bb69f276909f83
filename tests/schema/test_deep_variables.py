"""Variables that are nested deeper than any input, and deeper than JSON is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.make.api import Api

QUERY = "query($f: ProductFilter) { products(filter: $f) { totalCount } }"


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"search": inner}
    return inner


@pytest.mark.parametrize("depth", [2, 200, 300, 600])
async def test_they_are_the_clients_fault(api: Api, depth: int) -> None:
    for _ in range(2):  # also once a price may have been kept
        answer = await api.send(QUERY, f=nested(depth))
        assert [each["extensions"]["code"] for each in answer["errors"]] == ["INVALID"]
    assert (await api.ask(QUERY, f={}))["products"]["totalCount"] == 0
