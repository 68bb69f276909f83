from __future__ import annotations

import pytest

from gateways import GatewayError, http
from models.database import transaction
from tests.make.api import Api


async def test_it_posts(api: Api) -> None:
    answer = await http.post(
        f"{api.settings.base_url}/graphql",
        body=b'{"query": "{ __typename }"}',
        headers={"content-type": "application/json"},
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_it_refuses_inside_a_transaction(api: Api) -> None:
    async def work() -> None:
        await http.post(f"{api.settings.base_url}/graphql", body=b"{}", headers={})

    with pytest.raises(http.CalledInTransaction):
        await transaction(work)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "nonsense", "ftp://127.0.0.1/"])
async def test_no_answer_is_a_gateway_error(url: str) -> None:
    with pytest.raises(GatewayError):
        await http.post(url, body=b"", headers={}, seconds=1)
