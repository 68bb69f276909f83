"""What only developers need has a switch each, and production leaves all of them off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from settings import OFF_IN_PRODUCTION, Settings
from tests.conftest import serving
from tests.make.api import Api

KEY = "k" * 32
TOKEN = "t" * 32
INTROSPECTION = "{ __schema { queryType { name } } }"
TYPO = "{ stors(first: 1) { edges { node { code } } } }"


def production(**given: str) -> Settings:
    variables = {"QUINTET_ENVIRONMENT": "production", "QUINTET_SECRET_KEY": KEY, **given}
    return Settings.from_environment(variables)


def test_production_leaves_all_of_them_off() -> None:
    assert {name: getattr(production(), name) for name in OFF_IN_PRODUCTION} == dict.fromkeys(
        OFF_IN_PRODUCTION, False
    )
    assert all(getattr(Settings(), name) for name in OFF_IN_PRODUCTION)


@pytest.mark.parametrize("name", ["metrics", "introspection", "suggestions", "graphiql"])
def test_each_is_switched_on_by_itself(name: str) -> None:
    settings = production(**{f"QUINTET_{name.upper()}": "true"})
    assert [each for each in OFF_IN_PRODUCTION if getattr(settings, each)] == [name]


async def seen(api: Api, **headers: str) -> dict[str, Any]:
    """What a stranger finds."""
    page = await api.client.get("/graphql", headers={"Accept": "text/html"})
    errors = (await api.send(TYPO))["errors"]
    return {
        "introspection": "errors" not in await api.send(INTROSPECTION),
        "suggestions": "Did you mean" in errors[0]["message"],
        "graphiql": page.status_code == 200,
        "metrics": (await metrics(api, **headers)).status_code == 200,
    }


async def metrics(api: Api, **headers: str) -> httpx.Response:
    return await api.client.get("/metrics", headers=headers)


OFF = {"introspection": False, "suggestions": False, "graphiql": False, "metrics": False}


async def test_off_is_off_and_nothing_else_is(settings: Settings) -> None:
    async with serving(replace(settings, **OFF)) as api:
        assert await seen(api) == OFF
        assert (await metrics(api)).status_code == 404
        assert (await api.client.get("/graphiql/graphiql.min.css")).status_code == 404
        assert await api.ask("{ __typename }") == {"__typename": "Query"}
        (error,) = (await api.send(TYPO))["errors"]
        assert error["message"] == "Cannot query field 'stors' on type 'Query'."
        (error,) = (await api.send("query($x: Int = A) { stores(first: $x) { nodes } }"))["errors"][
            :1
        ]
        assert "Did you mean" not in error["message"]
        (error,) = (await api.send(INTROSPECTION))["errors"][:1]
        assert error["extensions"]["code"] == "INVALID"


async def test_development_has_all_of_them(api: Api) -> None:
    assert await seen(api) == dict.fromkeys(OFF, True)


async def test_metrics_may_ask_for_a_token(settings: Settings) -> None:
    async with serving(replace(settings, metrics_token=TOKEN)) as api:
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            answer = await metrics(api, **given)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "quintet_" not in answer.text
        answer = await metrics(api, Authorization=f"Bearer {TOKEN}")
        assert answer.status_code == 200
        assert "quintet_http_requests" in answer.text
