"""Each flow asks for what WeChat Pay wants, in the right app, and the client can pay with what it gets."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from gateways import GatewayError
from gateways.payments import ChargePaid, ChargeRefused, ChargeStatus
from gateways.wechat_pay.gateway import WechatPayments
from tests.make.wechat_charges import CHARGE
from tests.make.wechat_keys import APP_IDS, MERCHANT_NUMBER, rsa_key
from tests.make.wechat_shop import refused
from tests.make.wechat_standin import WechatStandin


def is_signed(signature: str, *lines: str) -> bool:
    text = "".join(f"{line}\n" for line in lines).encode()
    rsa_key("merchant").public_key().verify(b64decode(signature), text, PKCS1v15(), SHA256())
    return True


async def test_native_gives_a_code(gateway: WechatPayments, standin: WechatStandin) -> None:
    started = await gateway.start(CHARGE)
    assert started.code_url is not None
    assert started.code_url.startswith("weixin://wxpay/bizpayurl?pr=")
    assert (started.client_parameters, started.ended) == ({}, None)
    assert standin.asked("/native") == [
        {
            "appid": APP_IDS["official_account"],
            "mchid": MERCHANT_NUMBER,
            "description": "Order 260131ABCDEFGHJK",
            "out_trade_no": CHARGE.reference,
            "notify_url": CHARGE.notify_url,
            "time_expire": "2030-01-31T16:00:00+08:00",
            "amount": {"total": 1250, "currency": "CNY"},
        }
    ]


@pytest.mark.parametrize(
    ("channel", "app"), [("WECHAT", "mini_program"), ("H5", "official_account")]
)
async def test_jsapi_pays_in_the_app_of_the_channel(
    gateway: WechatPayments, standin: WechatStandin, channel: str, app: str
) -> None:
    started = await gateway.start(replace(CHARGE, flow="JSAPI", channel=channel))
    (asked,) = standin.asked("/jsapi")
    assert (asked["appid"], asked["payer"]) == (APP_IDS[app], {"openid": CHARGE.payer_id})
    said = started.client_parameters
    assert said["appId"] == APP_IDS[app]
    assert (said["signType"], said["package"][:10]) == ("RSA", "prepay_id=")
    lines = (said["appId"], said["timeStamp"], said["nonceStr"], said["package"])
    assert is_signed(said["paySign"], *lines)


async def test_app_pays_in_the_app(gateway: WechatPayments, standin: WechatStandin) -> None:
    said = (await gateway.start(replace(CHARGE, flow="APP", channel="APP"))).client_parameters
    (asked,) = standin.asked("/transactions/app")
    assert asked["appid"] == said["appid"] == APP_IDS["app"]
    assert (said["partnerid"], said["package"]) == (MERCHANT_NUMBER, "Sign=WXPay")
    lines = (said["appid"], said["timestamp"], said["noncestr"], said["prepayid"])
    assert is_signed(said["sign"], *lines)


async def test_h5_leads_to_a_page_and_back(gateway: WechatPayments, standin: WechatStandin) -> None:
    back = "https://shop.example/orders/1?a=b&c=d"
    started = await gateway.start(replace(CHARGE, flow="H5", channel="H5", return_url=back))
    assert started.code_url is not None
    assert started.code_url.endswith(
        "&package=2&redirect_url=https%3A%2F%2Fshop.example%2Forders%2F1%3Fa%3Db%26c%3Dd"
    )
    (asked,) = standin.asked("/h5")
    assert asked["scene_info"] == {
        "payer_client_ip": "203.0.113.9",
        "h5_info": {"type": "Wap"},
    }


async def test_a_payment_code_pays_at_once(gateway: WechatPayments, standin: WechatStandin) -> None:
    code = replace(CHARGE, flow="PAYMENT_CODE", channel="STORE", profit_sharing=True)
    ended = (await gateway.start(code)).ended
    assert ended is not None
    assert (ended.succeeded, ended.amount_minor, ended.currency) == (True, 1250, "CNY")
    assert ended.payer_id == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    (asked,) = standin.asked("/codepay")
    assert asked["payer"] == {"auth_code": "130061098828009406"}
    assert asked["scene_info"] == {"store_info": {"out_id": "S1"}, "device_ip": "203.0.113.9"}
    assert asked["settle_info"] == {"profit_sharing": True}
    assert not {"notify_url", "time_expire"} & asked.keys()
    # The same again asks how it went, and collects nothing a second time.
    assert (await gateway.start(code)).ended == ended
    assert len(standin.shop.charges) == 1


async def test_a_payment_code_may_wait_for_the_password(
    gateway: WechatPayments, standin: WechatStandin
) -> None:
    standin.shop.code_result = "USERPAYING"
    assert (await gateway.start(replace(CHARGE, flow="PAYMENT_CODE"))).ended is None
    assert (await gateway.query(CHARGE.reference)).status is ChargeStatus.PENDING
    await gateway.close(CHARGE.reference)
    assert standin.asked("/reverse") == [
        {"mchid": MERCHANT_NUMBER, "appid": APP_IDS["mini_program"]}
    ]
    assert standin.asked("/close") == []
    assert (await gateway.query(CHARGE.reference)).status is ChargeStatus.CLOSED


async def test_an_outcome_that_got_lost_is_found_by_asking(
    gateway: WechatPayments, standin: WechatStandin
) -> None:
    standin.shop.code_result = "LOST"
    with pytest.raises(GatewayError) as raised:
        await gateway.start(replace(CHARGE, flow="PAYMENT_CODE"))
    assert not isinstance(raised.value, ChargeRefused)
    ended = (await gateway.start(replace(CHARGE, flow="PAYMENT_CODE"))).ended
    assert ended is not None
    assert ended.succeeded


@pytest.mark.parametrize(
    "lacking",
    [
        {"flow": "JSAPI", "payer_id": None},
        {"flow": "H5", "client_address": None},
        {"flow": "H5", "return_url": "https://shop.example/" + "x" * 500},
        {"flow": "PAYMENT_CODE", "payment_code": None},
        {"flow": "PAYMENT_CODE", "payment_code": "280061098828009406"},
        {"flow": "PAYMENT_CODE", "payment_code": "13006109882800940"},
        {"flow": "PAYMENT_CODE", "payment_code": "13006109882800940٣"},
        {"flow": "COUNTER"},
        {"currency": "USD"},
    ],
)
async def test_what_a_flow_lacks_is_refused_for_good(
    gateway: WechatPayments, standin: WechatStandin, lacking: dict[str, str]
) -> None:
    with pytest.raises(ChargeRefused):
        await gateway.start(replace(CHARGE, **lacking))  # type: ignore[arg-type]
    assert not any(each["trade_state"] == "SUCCESS" for each in standin.shop.charges.values())


async def test_an_account_offers_what_its_apps_allow(standin, open_at) -> None:
    small = open_at(standin.url, app_ids={"official_account": APP_IDS["official_account"]})
    assert small.capabilities.flows == {"JSAPI", "NATIVE", "H5", "PAYMENT_CODE"}
    assert small.capabilities.refund_days == 365
    for differing in ({"flow": "APP"}, {"flow": "JSAPI", "channel": "WECHAT"}):
        with pytest.raises(ChargeRefused):
            await small.start(replace(CHARGE, **differing))
    assert standin.requests == []


@pytest.mark.parametrize(
    ("answer", "is_final"),
    [
        (refused(400, "PARAM_ERROR"), True),
        (refused(403, "NO_AUTH"), True),
        (refused(403, "OUT_TRADE_NO_USED"), True),
        (refused(400, "ORDER_CLOSED"), True),
        (refused(500, "SYSTEM_ERROR"), False),
        (refused(429, "FREQUENCY_LIMITED"), False),
        (refused(418, "SOMETHING_NEW"), False),
    ],
)
async def test_errors_are_final_or_not(
    gateway: WechatPayments, standin: WechatStandin, answer, is_final: bool
) -> None:
    standin.shop.refuse = answer
    with pytest.raises(GatewayError, match=answer[1]["code"]) as raised:
        await gateway.start(CHARGE)
    assert isinstance(raised.value, ChargeRefused) is is_final


@pytest.mark.parametrize("code", ["TRADE_ERROR", "AUTH_CODE_INVALID", "NOT_ENOUGH"])
async def test_a_payment_code_that_is_no_good_is_refused(
    gateway: WechatPayments, standin: WechatStandin, code: str
) -> None:
    standin.shop.refuse = refused(403, code)
    with pytest.raises(ChargeRefused, match=code):
        await gateway.start(replace(CHARGE, flow="PAYMENT_CODE"))


async def test_query_and_close(gateway: WechatPayments, standin: WechatStandin) -> None:
    assert (await gateway.query(CHARGE.reference)).status is ChargeStatus.UNKNOWN
    await gateway.close(CHARGE.reference)
    await gateway.start(CHARGE)
    assert (await gateway.query(CHARGE.reference)).status is ChargeStatus.PENDING
    await gateway.close(CHARGE.reference)
    await gateway.close(CHARGE.reference)
    assert standin.asked("/close") == [{"mchid": MERCHANT_NUMBER}]
    state = await gateway.query(CHARGE.reference)
    assert (state.status, state.said) == (ChargeStatus.CLOSED, None)


async def test_a_paid_charge_is_not_closed(gateway: WechatPayments, standin: WechatStandin) -> None:
    await gateway.start(CHARGE)
    paid = standin.shop.pay(CHARGE.reference)
    with pytest.raises(ChargePaid):
        await gateway.close(CHARGE.reference)
    assert standin.asked("/close") == []
    state = await gateway.query(CHARGE.reference)
    assert state.said is not None
    assert (state.said.provider_reference, state.said.amount_minor) == (
        paid["transaction_id"],
        1250,
    )


@pytest.mark.parametrize(
    "differing",
    [
        {"mchid": "1900000110"},
        {"appid": "wx9999999999999999"},
        {"out_trade_no": "P1"},
        {"trade_state": "WEIRD"},
        {"trade_state": None},
        {"amount": {"total": 12.5, "currency": "CNY"}},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"amount": {"total": 10**30, "currency": "CNY"}},
        {"amount": "12"},
        {"transaction_id": ""},
        {"transaction_id": "x" * 65},
    ],
)
async def test_an_answer_about_something_else_is_nonsense(
    gateway: WechatPayments, standin: WechatStandin, differing, monkeypatch
) -> None:
    await gateway.start(CHARGE)
    said = standin.shop.pay(CHARGE.reference, **differing)
    monkeypatch.setattr(standin.shop, "answer", lambda *_: (200, said))
    with pytest.raises(GatewayError, match="nonsense"):
        await gateway.query(CHARGE.reference)
