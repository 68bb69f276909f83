from __future__ import annotations

from tests.make.api import Api
from tests.make.documents import document
from tests.make.goods import a_merchant

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


async def test_a_storefront_key_and_a_token_are_each_refused_whatever_the_other_is(
    api: Api,
) -> None:
    admin = await api.staff()
    await a_merchant("CHAIN")
    front = await admin.do(
        document("hq/storefront_create"),
        input={"name": "App", "channel": "APP", "organisationCode": "CHAIN"},
    )
    known = admin.through(front["storefront"]["key"])
    viewer = (await known.ask(VIEWER))["viewer"]
    assert viewer["channel"] == "APP"
    assert viewer["actor"]["username"] == "admin"
    for token in (admin.token, "unknown", None):
        answer = await api.as_(token).through("unknown").send(VIEWER)
        assert answer["errors"][0]["message"] == "This X-Storefront-Key is not known."
    for key in (known.storefront_key, None):
        answer = await api.as_("unknown").through(key).send(VIEWER)
        assert answer["errors"][0]["message"] == "This token is not known."
