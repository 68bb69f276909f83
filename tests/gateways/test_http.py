from __future__ import annotations

from ipaddress import ip_address

import httpx
import pytest

from gateways import GatewayError, http
from models.database import transaction
from tests.make.api import Api

HERE = ip_address("127.0.0.1")


async def send(url: str, body: bytes = b"") -> tuple[int, bytes]:
    headers = {"content-type": "application/json"}
    async with http.open_client() as client:
        return await http.post_pinned(
            client, httpx.URL(url), [HERE], body=body, headers=headers, seconds=30
        )


async def test_it_posts(api: Api) -> None:
    answer = await send(f"{api.settings.base_url}/graphql", b'{"query": "{ __typename }"}')
    assert answer == (200, b'{"data":{"__typename":"Query"}}')


async def test_it_refuses_inside_a_transaction(api: Api) -> None:
    with pytest.raises(http.CalledInTransaction):
        await transaction(send, f"{api.settings.base_url}/graphql", b"{}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/"])
async def test_no_answer_is_a_gateway_error(url: str) -> None:
    with pytest.raises(GatewayError):
        await send(url)
