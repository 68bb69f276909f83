"""WeChat is told what was shipped, as it wants it, with one token for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateways import GatewayError
from gateways.http import ProviderHttp
from gateways.wechat_pay.access_tokens import WechatApi
from gateways.wechat_pay.shipping import (
    ShippedParcel,
    ShippingMethod,
    ShippingNotice,
    ShippingRefused,
    WechatShipping,
)
from tests.make.wechat_keys import APP_IDS, APP_SECRET
from tests.make.wechat_standin import WechatStandin

AT = datetime(2026, 1, 31, 8, 0, 0, 120_000, tzinfo=UTC)
PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
PARCEL = ShippedParcel(description="陶瓷杯*1", courier="ZTO", tracking_number="75611788998298")
NOTICE = ShippingNotice(
    provider_reference="4200000001", method=ShippingMethod.EXPRESS, parcels=[PARCEL]
)
PICKUP = ShippingNotice(
    provider_reference="4200000002",
    method=ShippingMethod.PICKUP,
    parcels=[ShippedParcel(description="陶瓷杯*1")],
)


@pytest.fixture
def shipping(standin: WechatStandin, http: ProviderHttp) -> WechatShipping:
    return WechatShipping(api_at(standin, http))


def api_at(
    standin: WechatStandin, http: ProviderHttp, clock: Callable[[], float] | None = None
) -> WechatApi:
    given = {} if clock is None else {"clock": clock}
    app_id = APP_IDS["mini_program"]
    return WechatApi(http, app_id=app_id, app_secret=APP_SECRET, base_url=standin.url, **given)


async def test_express(shipping: WechatShipping, standin: WechatStandin) -> None:
    sf = replace(PARCEL, courier="SF", receiver_phone="138 0000 1111")
    await shipping.notify(replace(NOTICE, parcels=[sf]), PAYER, AT)
    assert standin.shop.shipped == [
        {
            "path": "/wxa/sec/order/upload_shipping_info",
            "order_key": {"order_number_type": 2, "transaction_id": "4200000001"},
            "logistics_type": 1,
            "delivery_mode": 1,
            "shipping_list": [
                {
                    "item_desc": "陶瓷杯*1",
                    "tracking_no": "75611788998298",
                    "express_company": "SF",
                    "contact": {"receiver_contact": "****1111"},
                }
            ],
            "upload_time": "2026-01-31T16:00:00.120+08:00",
            "payer": {"openid": PAYER},
        }
    ]


async def test_parcel_by_parcel(shipping: WechatShipping, standin: WechatStandin) -> None:
    first = replace(NOTICE, in_parcels=True, is_complete=False)
    second = replace(PARCEL, tracking_number="75611788998299", description="盘" * 200)
    await shipping.notify(first, PAYER, AT)
    await shipping.notify(replace(first, parcels=[PARCEL, second], is_complete=True), PAYER, AT)
    assert [
        (each["delivery_mode"], each["is_all_delivered"], len(each["shipping_list"]))
        for each in standin.shop.shipped
    ] == [(2, False, 1), (2, True, 2)]
    assert len(standin.shop.shipped[1]["shipping_list"][1]["item_desc"]) == 120


async def test_pickup(shipping: WechatShipping, standin: WechatStandin) -> None:
    await shipping.notify(PICKUP, PAYER, AT)
    (said,) = standin.shop.shipped
    assert (said["logistics_type"], said["delivery_mode"]) == (4, 1)
    assert said["shipping_list"] == [{"item_desc": "陶瓷杯*1"}]
    assert "is_all_delivered" not in said


async def test_combined(shipping: WechatShipping, standin: WechatStandin) -> None:
    await shipping.notify_combined("4200000009", [NOTICE, PICKUP], PAYER, AT)
    (said,) = standin.shop.shipped
    assert said["path"] == "/wxa/sec/order/upload_combined_shipping_info"
    assert said["order_key"]["transaction_id"] == "4200000009"
    assert [
        (each["order_key"]["transaction_id"], each["logistics_type"]) for each in said["sub_orders"]
    ] == [("4200000001", 1), ("4200000002", 4)]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(NOTICE, parcels=[]),
        replace(NOTICE, parcels=[PARCEL, PARCEL]),
        replace(NOTICE, parcels=[PARCEL] * 16, in_parcels=True),
        replace(PICKUP, in_parcels=True),
        replace(NOTICE, parcels=[replace(PARCEL, courier=None)]),
        replace(NOTICE, parcels=[replace(PARCEL, tracking_number="")]),
        replace(NOTICE, parcels=[replace(PARCEL, tracking_number="1" * 129)]),
        replace(NOTICE, parcels=[replace(PARCEL, description=" ")]),
        replace(NOTICE, parcels=[replace(PARCEL, courier="SF")]),
        replace(NOTICE, parcels=[replace(PARCEL, courier="SF", receiver_phone="1111")]),
    ],
)
async def test_what_wechat_would_refuse_is_not_sent(
    shipping: WechatShipping, standin: WechatStandin, wrong: ShippingNotice
) -> None:
    with pytest.raises(ShippingRefused):
        await shipping.notify(wrong, PAYER, AT)
    assert standin.requests == []


@pytest.mark.parametrize(
    ("code", "is_final"),
    [(10060003, True), (10060002, True), (10060031, True), (10060001, False), (-1, False)],
)
async def test_refusals_are_final_or_not(
    shipping: WechatShipping, standin: WechatStandin, code: int, is_final: bool
) -> None:
    standin.shop.shipping_code = code
    with pytest.raises(GatewayError, match=str(code)) as raised:
        await shipping.notify(NOTICE, PAYER, AT)
    assert isinstance(raised.value, ShippingRefused) is is_final


@pytest.mark.parametrize("code", [["x"], "0", 1.5, None])
async def test_an_error_code_that_is_none_is_nonsense(
    shipping: WechatShipping, standin: WechatStandin, code: object, monkeypatch
) -> None:
    await shipping.notify(NOTICE, PAYER, AT)
    monkeypatch.setattr(standin.shop, "of_mini_program", lambda *_: {"errcode": code})
    with pytest.raises(GatewayError, match="nonsense"):
        await shipping.notify(NOTICE, PAYER, AT)


async def test_the_same_again_is_no_failure(
    shipping: WechatShipping, standin: WechatStandin
) -> None:
    standin.shop.shipping_code = 10060023
    await shipping.notify(NOTICE, PAYER, AT)
    assert standin.shop.shipped == []


async def test_one_asks_for_the_token_of_all(
    shipping: WechatShipping, standin: WechatStandin
) -> None:
    await asyncio.gather(*(shipping.notify(NOTICE, PAYER, AT) for _ in range(10)))
    assert len(standin.shop.shipped) == 10
    assert len(standin.asked("/stable_token")) == 1


async def test_a_token_that_is_void_is_renewed_once(
    shipping: WechatShipping, standin: WechatStandin
) -> None:
    await shipping.notify(NOTICE, PAYER, AT)
    standin.shop.tokens.append("renewed elsewhere")
    await asyncio.gather(*(shipping.notify(NOTICE, PAYER, AT) for _ in range(5)))
    assert len(standin.shop.shipped) == 6
    assert standin.shop.forced == 1
    standin.shop.tokens.clear()
    standin.misbehave = lambda path: "nonsense" if "token" in path else None
    with pytest.raises(GatewayError, match="nonsense"):
        await shipping.notify(NOTICE, PAYER, AT)


async def test_a_token_is_renewed_before_it_ends(
    standin: WechatStandin, http: ProviderHttp
) -> None:
    now = [0.0]
    shipping = WechatShipping(api_at(standin, http, lambda: now[0]))
    for moment, asked in ((0.0, 1), (6_899.0, 1), (6_901.0, 2)):
        now[0] = moment
        await shipping.notify(NOTICE, PAYER, AT)
        assert len(standin.asked("/stable_token")) == asked


@pytest.mark.parametrize("how", ["error", "nonsense", "redirect", "flood"])
async def test_a_provider_that_answers_anything(
    shipping: WechatShipping, standin: WechatStandin, how: str
) -> None:
    standin.misbehave = lambda path: how
    with pytest.raises(GatewayError):
        await shipping.notify(NOTICE, PAYER, AT)


async def test_a_wrong_secret_gives_no_token(standin: WechatStandin, http: ProviderHttp) -> None:
    api = WechatApi(http, app_id="wx1", app_secret="x" * 32, base_url=standin.url)
    with pytest.raises(GatewayError, match="no access token: 40125") as raised:
        await WechatShipping(api).notify(NOTICE, PAYER, AT)
    assert "x" * 32 not in str(raised.value)
    assert standin.shop.shipped == []
