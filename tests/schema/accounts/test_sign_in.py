from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from gateways.challenges import answer_of
from models.accounts.clients import Storefront
from models.accounts.sessions import Session
from resolvers.context import utc_now
from settings import Settings
from tests.conftest import serving
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


SIGN_IN = (
    "mutation($username: String!, $password: String!) {"
    " staffSignIn(input: {username: $username, password: $password})"
    " { accessToken userErrors { code } } }"
)


async def test_three_hundred_parallel_guesses_try_ten_passwords(api: Api) -> None:
    """And the right one, which is among them, is not found."""
    guesses = [f"guess {n}" for n in range(299)]
    answers = await asyncio.gather(
        *(api.send(SIGN_IN, username="admin", password=each) for each in guesses),
        api.send(SIGN_IN, username="admin", password="admin-password"),
    )
    tried = [each for each in answers if "errors" not in each]
    assert len(tried) == 10
    assert all(each["data"]["staffSignIn"]["accessToken"] is None for each in tried)
    refused = [each["errors"][0] for each in answers if "errors" in each]
    assert {each["extensions"]["code"] for each in refused} == {"RATE_LIMITED"}
    assert all(1 <= each["extensions"]["retryAfterSeconds"] <= 30 for each in refused)
    assert refused[0]["message"].startswith("Too many failed sign-ins. Try again in ")


async def test_a_refused_attempt_says_when_to_come_back_in_a_header_too(api: Api) -> None:
    variables = {"username": "admin", "password": "wrong"}
    body = {"query": SIGN_IN, "variables": variables}
    answers = [await api.client.post("/graphql", json=body) for _ in range(11)]
    assert all("retry-after" not in each.headers for each in answers[:10])
    (error,) = answers[10].json()["errors"]
    assert answers[10].status_code == 200
    assert answers[10].headers["retry-after"] == str(error["extensions"]["retryAfterSeconds"])


async def test_a_known_device_gets_in_while_strangers_guess_from_its_address(api: Api) -> None:
    signed_in = await api.do(
        document("hq/sign_in"), username="admin", password="admin-password", code=None, device=None
    )
    device = signed_in["deviceToken"]
    assert device
    for n in range(11):
        await api.send(SIGN_IN, username="admin", password=f"guess {n}")
    answer = await api.send(SIGN_IN, username="admin", password="admin-password")
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    again = await api.do(
        document("hq/sign_in"), username="admin", password="admin-password", device=device
    )
    assert again["deviceToken"] == device


async def test_a_second_factor_is_set_used_and_taken_off(api: Api) -> None:
    admin = await api.staff()
    offered = await admin.do(document("hq/second_factor_set"))
    assert offered["enabled"] is False
    assert offered["qrSvg"].startswith("<svg")
    authenticator = pyotp.TOTP(offered["secret"])
    [error] = await admin.refused(document("hq/second_factor_set"), code="abcdef")
    assert (error["code"], error["path"]) == ("INVALID", ["code"])
    factor = await admin.do(document("hq/second_factor_set"), code=authenticator.now())
    assert factor["enabled"] is True
    assert len(factor["recoveryCodes"]) == 10
    assert factor["secret"] is None
    given = {"username": "admin", "password": "admin-password"}
    [error] = await api.refused(document("hq/sign_in"), **given)
    assert (error["code"], error["path"]) == ("SECOND_FACTOR_REQUIRED", ["secondFactorCode"])
    assert error["message"] == "Send a code of your second factor, too."
    [error] = await api.speaking("zh").refused(document("hq/sign_in"), **given)
    assert error["message"] == "请同时提供第二验证因素的验证码。"
    [error] = await api.refused(document("hq/sign_in"), **given, code="abcdef")
    assert (error["code"], error["path"]) == ("INVALID", ["secondFactorCode"])
    first = factor["recoveryCodes"][0]
    again = await api.do(document("hq/sign_in"), **given, code=first)
    assert again["viewer"]["permissions"]
    me = api.as_(again["accessToken"])
    seen = (await me.ask("{ viewer { actor { ... on Staff { id secondFactor } } } }"))["viewer"]
    assert seen["actor"]["secondFactor"] is True
    node = "query($id: ID!) { node(id: $id) { ... on Staff { secondFactor } } }"
    answer = await api.as_(None).send(node, id=seen["actor"]["id"])
    assert not (answer["data"]["node"] or {}).get("secondFactor")
    reset = {"staffId": seen["actor"]["id"]}
    [error] = await me.refused(document("hq/second_factor_reset"), **reset)
    assert error["path"] == ["code"]
    [error] = await me.refused(document("hq/second_factor_reset"), **reset, code=first)
    assert error["path"] == ["code"]
    off = await me.do(document("hq/second_factor_reset"), **reset, code=factor["recoveryCodes"][1])
    assert off["staff"]["secondFactor"] is False
    await api.do(document("hq/sign_in"), **given)


async def test_a_password_is_changed_and_the_old_one_is_good_no_more(api: Api) -> None:
    admin, other = await api.staff(), await api.staff()
    change = {"password": "admin-password", "newPassword": "a quiet street in winter"}
    [error] = await admin.refused(
        document("hq/password_change"), password="admin-password", newPassword="Password1234!"
    )
    assert (error["code"], error["path"]) == ("INVALID", ["newPassword"])
    await admin.do(document("hq/password_change"), **change)
    assert (await admin.ask(VIEWER))["viewer"]["permissions"]
    answer = await other.send(VIEWER)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    await api.staff(password="a quiet street in winter")
    assert await api.refused(SIGN_IN, username="admin", password="admin-password")


async def test_a_session_of_long_ago_is_confirmed_before_it_lets_others_in(api: Api) -> None:
    admin = await api.staff()
    await a_merchant("CHAIN")
    given = {"name": "App", "channel": "APP", "organisationCode": "CHAIN"}
    await Session.filter(kind="STAFF").update(confirmed_at=utc_now() - timedelta(minutes=16))
    [error] = await admin.refused(document("hq/storefront_create"), input=given)
    assert (error["code"], error["path"]) == ("CONFIRMATION_REQUIRED", None)
    [error] = await admin.speaking("zh").refused(document("hq/storefront_create"), input=given)
    assert error["message"] == "请先确认身份：您登录的时间已过久，不能进行此操作。"
    [error] = await admin.refused(document("hq/session_confirm"), password="guess")
    assert (error["code"], error["path"]) == ("INVALID", ["password"])
    assert await Storefront.all().count() == 0
    done = await admin.do(document("hq/session_confirm"), password="admin-password")
    assert done["confirmedUntil"]
    await admin.do(document("hq/storefront_create"), input=given)


@pytest.fixture
def demanding(settings: Settings) -> Settings:
    return replace(settings, second_factor_roles="ADMIN")


async def test_a_role_that_asks_for_a_second_factor_may_do_nothing_else(
    demanding: Settings,
) -> None:
    async with serving(demanding) as api:
        given = {"username": "admin", "password": "admin-password"}
        signed_in = await api.do(document("hq/sign_in"), **given)
        assert signed_in["viewer"]["lacksSecondFactor"] is True
        assert signed_in["viewer"]["permissions"] == []
        admin = api.as_(signed_in["accessToken"])
        answer = await admin.send(document("hq/stock_audit"))
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "second factor" in answer["errors"][0]["message"]
        offered = await admin.do(document("hq/second_factor_set"))
        code = pyotp.TOTP(offered["secret"]).now()
        await admin.do(document("hq/second_factor_set"), code=code)
        assert (await admin.ask(VIEWER))["viewer"]["permissions"]
        await admin.ask(document("hq/stock_audit"))


async def test_past_the_threshold_a_picture_is_to_be_solved(settings: Settings) -> None:
    strict = replace(settings, otp_challenge_after=1, otp_resend_seconds=0)
    async with serving(strict) as api:
        await api.do(document("phone/code_request"), phone="13800004321")
        payload = (await api.ask(document("phone/code_request"), phone="13800004321"))["otpRequest"]
        assert payload["resendAt"] is None
        [error] = payload["userErrors"]
        assert (error["code"], error["path"]) == ("CHALLENGE_REQUIRED", ["challengeToken"])
        challenge = payload["challenge"]
        assert challenge["provider"] == "PICTURE"
        assert challenge["imageSvg"].startswith("<svg")
        answer = answer_of(strict.keys.current, challenge["token"])
        solved = await api.do(
            document("phone/code_request"),
            phone="13800004321",
            challengeToken=f"{challenge['token']}.{answer}",
        )
        assert solved["resendAt"]
        assert len(api.codes_sent()) == 2


async def test_in_production_without_a_provider_no_code_is_promised(settings: Settings) -> None:
    bare = replace(settings, environment="production", sms_outbox="", secret_key="k" * 32)
    async with serving(bare) as api:
        [error] = await api.refused(document("phone/code_request"), phone="13800004321")
        assert (error["code"], error["path"]) == ("UNAVAILABLE", ["phone"])
