from __future__ import annotations

from tests.make.api import Api

VIEWER = "{ viewer { channel permissions actor { __typename ... on Staff { username } } } }"


async def test_a_visitor_is_nobody_and_may_nothing(api: Api) -> None:
    viewer = (await api.ask(VIEWER))["viewer"]
    assert viewer == {"channel": "PC", "permissions": [], "actor": None}


async def test_the_administrator_of_the_first_start_may_everything(api: Api) -> None:
    admin = await api.staff()
    viewer = (await admin.ask(VIEWER))["viewer"]
    assert viewer["actor"] == {"__typename": "Staff", "username": "admin"}
    assert "ORGANISATION_WRITE" in viewer["permissions"]


async def test_a_wrong_password_signs_nobody_in(api: Api) -> None:
    errors = await api.refused(
        'mutation { staffSignIn(input: {username: "admin", password: "guess"})'
        " { accessToken userErrors { code path } } }"
    )
    assert errors == [{"code": "INVALID", "path": ["password"]}]


async def test_a_refresh_token_is_good_once_and_its_thief_ends_the_session(api: Api) -> None:
    guest = await api.do(
        "mutation { guestSignIn { accessToken refreshToken userErrors { code } } }"
    )
    refresh = (
        "mutation($token: String!) { tokenRefresh(input: {refreshToken: $token})"
        " { accessToken refreshToken userErrors { code } } }"
    )
    renewed = await api.do(refresh, token=guest["refreshToken"])
    assert renewed["refreshToken"] != guest["refreshToken"]
    assert (await api.refused(refresh, token=guest["refreshToken"])) == [{"code": "EXPIRED"}]
    assert (await api.refused(refresh, token=renewed["refreshToken"])) == [{"code": "EXPIRED"}]
    answer = await api.as_(renewed["accessToken"]).send(VIEWER)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
