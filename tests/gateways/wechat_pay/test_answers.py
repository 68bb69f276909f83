"""No answer is believed that WeChat Pay has not signed now, and none is waited for longer than it may."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY

from gateways import GatewayError, GatewayTimeout
from gateways.circuits import OPEN_AFTER, CircuitOpen
from gateways.http import CalledInTransaction
from gateways.payments import ChargeRefused, ChargeStatus
from gateways.wechat_pay import platform_keys
from gateways.wechat_pay.gateway import WechatPayments
from models.database import transaction
from tests.make import wechat_keys as keys
from tests.make.wechat_charges import CHARGE
from tests.make.wechat_shop import refused
from tests.make.wechat_standin import WechatStandin, wechat_pay


def counted(outcome: str) -> float:
    labels = {"purpose": "wechat_pay", "outcome": outcome}
    return REGISTRY.get_sample_value("quintet_outgoing_calls_total", labels) or 0


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("unsigned", "not signed"),
        ("forged", "signature is wrong"),
        ("stale", "not of this moment"),
        ("probe", "probe"),
        ("unknown", "unknown key"),
        ("nonsense", "not signed"),
        ("flood", "more than"),
        ("redirect", "not signed"),
    ],
)
async def test_what_is_not_signed_is_not_believed(
    gateway: WechatPayments, standin: WechatStandin, how: str, why: str
) -> None:
    standin.misbehave = lambda path: how
    with pytest.raises(GatewayError, match=why) as raised:
        await gateway.start(CHARGE)
    assert not isinstance(raised.value, ChargeRefused)


async def test_a_refusal_counts_only_when_it_is_signed(
    gateway: WechatPayments, standin: WechatStandin
) -> None:
    standin.shop.refuse = refused(400, "PARAM_ERROR")
    standin.misbehave = lambda path: "unsigned"
    with pytest.raises(GatewayError, match="PARAM_ERROR without a signature") as raised:
        await gateway.start(CHARGE)
    assert not isinstance(raised.value, ChargeRefused)
    # Nor is "there is no such order": a charge that may be paid must not be taken for unknown.
    with pytest.raises(GatewayError, match="ORDER_NOT_EXIST"):
        await gateway.query("P1")


async def test_a_request_that_we_signed_badly_is_refused_there(standin, open_at) -> None:
    stranger = open_at(standin.url, private_key=keys.rsa_key("stranger"))
    with pytest.raises(GatewayError, match="401 SIGN_ERROR"):
        await stranger.start(CHARGE)
    assert standin.shop.charges == {}


async def test_a_slow_provider_is_given_up(standin: WechatStandin, open_at) -> None:
    standin.misbehave = lambda path: "hang"
    before = counted("timeout")
    with pytest.raises(GatewayTimeout):
        await open_at(standin.url, seconds=0.2).start(CHARGE)
    assert counted("timeout") - before == 1


async def test_a_provider_that_is_down_is_left_alone(open_at) -> None:
    gateway = open_at("http://127.0.0.1:1")
    before = counted("open")
    for _ in range(OPEN_AFTER):
        with pytest.raises(GatewayError, match="cannot be reached"):
            await gateway.query("P1")
    with pytest.raises(CircuitOpen):
        await gateway.query("P1")
    assert counted("open") - before == 1


async def test_nothing_is_asked_inside_a_transaction(
    gateway: WechatPayments, standin: WechatStandin, database: str
) -> None:
    with pytest.raises(CalledInTransaction, match=r"GET 127\.0\.0\.1"):
        await transaction(gateway.query, "P1")
    assert standin.requests == []


async def test_certificates_are_fetched_when_they_are_needed(open_at) -> None:
    async with wechat_pay(rotates=True, signer="first") as standin:
        gateway = open_at(standin.url, rotates=True)
        states = await asyncio.gather(*(gateway.query("P1") for _ in range(5)))
        assert {each.status for each in states} == {ChargeStatus.UNKNOWN}
        assert len(standin.asked("/v3/certificates")) == 1


async def test_certificates_rotate(open_at, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wechat_pay(rotates=True, signer="first") as standin:
        gateway = open_at(standin.url, rotates=True)
        await gateway.query("P1")
        standin.signer, standin.offered = "second", ["first", "second"]
        # Whoever sends unknown serial numbers does not make us ask again and again.
        for _ in range(3):
            with pytest.raises(GatewayError, match="unknown key"):
                await gateway.query("P1")
        assert len(standin.asked("/v3/certificates")) == 1
        monkeypatch.setattr(platform_keys, "FETCH_SECONDS", 0.0)
        assert (await gateway.query("P1")).status is ChargeStatus.UNKNOWN
        standin.signer = "first"
        assert (await gateway.query("P1")).status is ChargeStatus.UNKNOWN
        assert len(standin.asked("/v3/certificates")) == 2


async def test_certificates_of_somebody_else_are_not_believed(open_at) -> None:
    async with wechat_pay(rotates=True, signer="first") as standin:
        other_key = open_at(standin.url, rotates=True, api_v3_key=b"x" * 32)
        with pytest.raises(GatewayError, match="APIv3 key"):
            await other_key.query("P1")
        standin.offered = ["second"]  # signed by a certificate that is not among them
        with pytest.raises(GatewayError, match="unknown key"):
            await open_at(standin.url, rotates=True).query("P1")


async def test_a_certificate_that_has_ended_is_none(
    open_at, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wechat_pay(rotates=True, signer="first") as standin:
        ended = keys.certificate("first", -1)
        monkeypatch.setattr(keys, "certificate", lambda name, days=30: ended)
        with pytest.raises(GatewayError, match="unknown key"):
            await open_at(standin.url, rotates=True).query("P1")
        assert len(standin.asked("/v3/certificates")) == 1
