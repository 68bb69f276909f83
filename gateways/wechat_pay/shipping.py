"""Shipping notices: WeChat freezes what a mini-program collects until it is told what was shipped.

One payment is recorded as a whole or parcel by parcel, and corrected once.

Source: 微信官方文档, 小程序发货信息管理服务,
https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from gateways.errors import GatewayError
from gateways.wechat_pay.access_tokens import WechatApi
from gateways.wechat_pay.charges import BEIJING
from gateways.wechat_pay.reading import Object

PATH = "/wxa/sec/order/upload_shipping_info"
COMBINED_PATH = "/wxa/sec/order/upload_combined_shipping_info"
MOST_PARCELS, LONGEST_DESCRIPTION, LONGEST_NUMBER = 15, 120, 128
SF_EXPRESS, CONTACT_DIGITS = "SF", 4
UNCHANGED = 10060023
# WeChat refuses these however often it is asked.
FINAL = {
    10060002: "the payment is shipped completely",
    10060003: "the payment has been corrected once",
    10060004: "the payment cannot be shipped: it is refunded or closed",
    10060005: "the way of shipping is not known",
    10060006: "only express is shipped in several parcels",
    10060007: "it is not said whether all parcels are shipped",
    10060008: "the goods are not described",
    10060009: "the description of the goods is too long",
    10060014: "a parameter is wrong",
    10060020: "the goods are not described",
    10060024: "there are too many parcels",
    10060025: "the code of the courier is too long",
    10060026: "the tracking number is too long",
    10060031: "the payment is another payer's",
}


class ShippingMethod(StrEnum):
    EXPRESS = "EXPRESS"
    LOCAL_DELIVERY = "LOCAL_DELIVERY"
    DIGITAL = "DIGITAL"
    PICKUP = "PICKUP"


_TYPES = {
    ShippingMethod.EXPRESS: 1,
    ShippingMethod.LOCAL_DELIVERY: 2,
    ShippingMethod.DIGITAL: 3,
    ShippingMethod.PICKUP: 4,
}
_UNIFIED, _SPLIT = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedParcel:
    """What one parcel holds, or what is picked up.

    `courier`: WeChat's code of the courier. `receiver_phone` is sent without all but its last four digits.
    """

    description: str
    courier: str | None = None
    tracking_number: str | None = None
    receiver_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingNotice:
    """What was shipped for one payment.

    `provider_reference`: the payment's number at WeChat Pay. `in_parcels`: the parcels go one by one, and
    `is_complete` with the last. The same payment again corrects what was said before, once.
    """

    provider_reference: str
    method: ShippingMethod
    parcels: Sequence[ShippedParcel]
    in_parcels: bool = False
    is_complete: bool = True


class ShippingRefused(GatewayError):
    """WeChat does not take a notice, however often it is sent."""


class ShippingGateway(Protocol):
    """Where a merchant says what it has shipped. Never called inside a database transaction."""

    async def notify(self, notice: ShippingNotice, payer_id: str, at: datetime) -> None:
        """Say what was shipped for a payment of `payer_id`; WeChat goes by the latest `at`.

        The same notice again changes nothing. Raises: ShippingRefused, GatewayError.
        """

    async def notify_combined(
        self,
        provider_reference: str,
        notices: Sequence[ShippingNotice],
        payer_id: str,
        at: datetime,
    ) -> None:
        """Say what was shipped for the payments of a combined one. Raises: ShippingRefused, GatewayError."""


class WechatShipping:
    """The shipping notices of one mini-program."""

    def __init__(self, api: WechatApi) -> None:
        self._api = api

    async def notify(self, notice: ShippingNotice, payer_id: str, at: datetime) -> None:
        await self._send(PATH, _of_notice(notice), payer_id, at)

    async def notify_combined(
        self,
        provider_reference: str,
        notices: Sequence[ShippingNotice],
        payer_id: str,
        at: datetime,
    ) -> None:
        body = {
            "order_key": _key(provider_reference),
            "sub_orders": [_of_notice(notice) for notice in notices],
        }
        await self._send(COMBINED_PATH, body, payer_id, at)

    async def _send(self, path: str, body: dict[str, Any], payer_id: str, at: datetime) -> None:
        moment = at.astimezone(BEIJING).isoformat(timespec="milliseconds")
        whole = body | {"upload_time": moment, "payer": {"openid": payer_id}}
        _check(await self._api.call(path, whole))


def _check(said: Object) -> None:
    code = said.get("errcode")
    if code in (0, UNCHANGED):
        return
    if not isinstance(code, int):
        raise GatewayError("WeChat answers nonsense: errcode is no number")
    if (why := FINAL.get(code)) is not None:
        raise ShippingRefused(f"WeChat refuses the shipping notice: {why} ({code})")
    # Among them 10060001: a payment is known there some seconds after it was made.
    raise GatewayError(f"WeChat has not taken the shipping notice: {code}")


def _key(provider_reference: str) -> dict[str, Any]:
    return {"order_number_type": 2, "transaction_id": provider_reference}


def _of_notice(notice: ShippingNotice) -> dict[str, Any]:
    """Return the body of a notice. Raises: ShippingRefused for one that WeChat cannot take."""
    is_express = notice.method is ShippingMethod.EXPRESS
    if notice.in_parcels and not is_express:
        raise ShippingRefused(FINAL[10060006])
    most = MOST_PARCELS if notice.in_parcels else 1
    if not 1 <= len(notice.parcels) <= most:
        raise ShippingRefused(f"a notice names 1 to {most} parcels")
    body = {
        "order_key": _key(notice.provider_reference),
        "logistics_type": _TYPES[notice.method],
        "delivery_mode": _SPLIT if notice.in_parcels else _UNIFIED,
        "shipping_list": [_of_parcel(each, is_express=is_express) for each in notice.parcels],
    }
    return body | ({"is_all_delivered": notice.is_complete} if notice.in_parcels else {})


def _of_parcel(parcel: ShippedParcel, *, is_express: bool) -> dict[str, Any]:
    description = parcel.description.strip()[:LONGEST_DESCRIPTION]
    if not description:
        raise ShippingRefused(FINAL[10060008])
    said: dict[str, Any] = {"item_desc": description}
    if not is_express:
        return said
    if not parcel.courier or not parcel.tracking_number:
        raise ShippingRefused("an express parcel needs a courier and a tracking number")
    if len(parcel.tracking_number) > LONGEST_NUMBER or len(parcel.courier) > LONGEST_NUMBER:
        raise ShippingRefused("the courier or the tracking number is too long")
    said |= {"tracking_no": parcel.tracking_number, "express_company": parcel.courier}
    digits = "".join(filter(str.isdecimal, parcel.receiver_phone or ""))
    if len(digits) > CONTACT_DIGITS:
        said["contact"] = {"receiver_contact": f"****{digits[-CONTACT_DIGITS:]}"}
    elif parcel.courier == SF_EXPRESS:
        raise ShippingRefused("a parcel of SF Express needs the receiver's phone")
    return said
