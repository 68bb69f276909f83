"""Pages of other origins: those that are named may ask, as a browser asks for them; others may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import websockets
from websockets import InvalidStatus, Subprotocol

from settings import Settings
from tests.conftest import serving
from tests.make.api import Api

SHOP, EVIL = "https://shop.example", "https://evil.example"
ASKED_FIRST = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-storefront-key",
}
PUBLIC = {"query": "{ brands { name } }"}


@pytest.fixture
async def shop_allowed(settings: Settings) -> AsyncIterator[Api]:
    allowed = f"{SHOP}, http://localhost:5173"
    async with serving(replace(settings, allowed_origins=allowed)) as api:
        yield api


@pytest.fixture
async def in_production(settings: Settings) -> AsyncIterator[Api]:
    async with serving(replace(settings, environment="production")) as api:
        yield api


async def test_a_named_origin_may_ask_and_see_the_request_id(shop_allowed: Api) -> None:
    client = shop_allowed.client
    may = await client.options("/graphql", headers={"Origin": SHOP, **ASKED_FIRST})
    assert may.status_code == 200
    assert may.headers["access-control-allow-origin"] == SHOP
    assert "POST" in may.headers["access-control-allow-methods"]
    answer = await client.post("/graphql", json=PUBLIC, headers={"Origin": SHOP})
    assert answer.json()["data"] == {"brands": []}
    assert answer.headers["access-control-allow-origin"] == SHOP
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert exposed == ["X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_refusal_can_be_read_by_the_page_too(shop_allowed: Api) -> None:
    headers = {"Origin": SHOP, "Authorization": "Bearer nothing"}
    refused = await shop_allowed.client.post("/graphql", json=PUBLIC, headers=headers)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == SHOP


async def test_another_origin_may_not(shop_allowed: Api) -> None:
    client = shop_allowed.client
    may = await client.options("/graphql", headers={"Origin": EVIL, **ASKED_FIRST})
    assert may.status_code == 400
    assert "access-control-allow-origin" not in may.headers
    answer = await client.get("/graphql", params=PUBLIC, headers={"Origin": EVIL})
    assert "access-control-allow-origin" not in answer.headers


async def test_what_caches_keep_depends_on_the_origin(shop_allowed: Api) -> None:
    """Else a page would be given what was kept for somebody who said no origin."""
    for headers in ({}, {"Origin": SHOP}, {"Origin": EVIL}):
        answer = await shop_allowed.client.get("/graphql", params=PUBLIC, headers=headers)
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert "Origin" in answer.headers["vary"].split(", ")


async def test_any_origin_may_where_the_setting_says_so(settings: Settings) -> None:
    async with serving(replace(settings, allowed_origins="*")) as api:
        may = await api.client.options("/graphql", headers={"Origin": EVIL, **ASKED_FIRST})
        assert (may.status_code, may.headers["access-control-allow-origin"]) == (200, "*")
        answer = await api.client.post("/graphql", json=PUBLIC, headers={"Origin": EVIL})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert await connects(api, EVIL)


async def test_nothing_is_said_where_no_origin_is_allowed(in_production: Api) -> None:
    api = in_production
    may = await api.client.options("/graphql", headers={"Origin": SHOP, **ASKED_FIRST})
    assert may.status_code == 405
    answer = await api.client.get("/graphql", params=PUBLIC, headers={"Origin": SHOP})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert not await connects(api, SHOP)


async def test_web_sockets_are_opened_by_the_same_origins(shop_allowed: Api) -> None:
    assert await connects(shop_allowed, SHOP)
    assert await connects(shop_allowed, shop_allowed.settings.base_url)
    assert not await connects(shop_allowed, EVIL)


async def connects(api: Api, origin: str) -> bool:
    try:
        async with websockets.connect(
            api.settings.base_url.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers={"Origin": origin},
        ):
            return True
    except InvalidStatus as refused:
        return refused.response.status_code != 403


async def test_in_development_pages_of_this_machine_may_ask_at_any_port(api: Api) -> None:
    for origin in ("http://localhost:5173", "http://127.0.0.1:3000", "https://localhost"):
        answer = await api.client.post("/graphql", json=PUBLIC, headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert await connects(api, origin)
    for origin in (EVIL, "http://localhost.evil.example", "http://localhost:5173.evil.example"):
        answer = await api.client.post("/graphql", json=PUBLIC, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        assert not await connects(api, origin)


async def test_in_production_no_page_of_this_machine_may_ask(in_production: Api) -> None:
    local = "http://localhost:5173"
    answer = await in_production.client.post("/graphql", json=PUBLIC, headers={"Origin": local})
    assert "access-control-allow-origin" not in answer.headers
    assert not await connects(in_production, local)
