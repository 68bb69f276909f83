"""Starting a charge: what each flow asks of WeChat Pay, and what the client gets to pay with.

Source: 微信支付, JSAPI/小程序下单 https://pay.weixin.qq.com/doc/v3/merchant/4012791897,
Native下单 …/4012791877, APP下单 …/4013070347, H5下单 …/4012791834, 付款码支付 …/4012382150.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from gateways.errors import GatewayError
from gateways.payments import Charge, ChargeRefused, StartedCharge
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.reading import Object, Unreadable, text
from gateways.wechat_pay.signing import client_signature

BEIJING = ZoneInfo("Asia/Shanghai")
LONGEST_DESCRIPTION, LONGEST_PREPAY_ID, LONGEST_URL = 127, 64, 512
PAYMENT_CODE = re.compile(r"1[0-5][0-9]{16}", re.ASCII)
PATHS = {
    "JSAPI": "/v3/pay/transactions/jsapi",
    "NATIVE": "/v3/pay/transactions/native",
    "APP": "/v3/pay/transactions/app",
    "H5": "/v3/pay/transactions/h5",
    "PAYMENT_CODE": "/v3/pay/transactions/codepay",
}


def request_of(account: WechatAccount, charge: Charge) -> dict[str, Any]:
    """Return the body that asks for a charge.

    Raises: ChargeRefused when the charge lacks what its flow needs.
    """
    if charge.flow not in account.flows:
        raise ChargeRefused(f"the account offers no {charge.flow}")
    if charge.currency != "CNY":
        raise ChargeRefused(f"WeChat Pay collects CNY and no {charge.currency}")
    body: dict[str, Any] = {
        "appid": account.app_id_of(charge),
        "mchid": account.merchant_number,
        "description": charge.description[:LONGEST_DESCRIPTION],
        "out_trade_no": charge.reference,
        "amount": {"total": charge.amount_minor, "currency": charge.currency},
    }
    if charge.profit_sharing:
        body["settle_info"] = {"profit_sharing": True}
    if charge.flow != "PAYMENT_CODE":
        body["notify_url"] = charge.notify_url
        if charge.expires_at is not None:
            ends = charge.expires_at.astimezone(BEIJING)
            body["time_expire"] = ends.isoformat(timespec="seconds")
    return body | _OF_FLOW.get(charge.flow, _nothing)(account, charge)


def started(account: WechatAccount, charge: Charge, said: Object, now: datetime) -> StartedCharge:
    """Return what the client pays with. Raises: GatewayError for a response without it."""
    try:
        if charge.flow == "NATIVE":
            return StartedCharge(code_url=text(said, "code_url", LONGEST_URL))
        if charge.flow == "H5":
            return StartedCharge(code_url=_with_return(text(said, "h5_url", LONGEST_URL), charge))
        prepay_id = text(said, "prepay_id", LONGEST_PREPAY_ID)
    except Unreadable as error:
        raise GatewayError(f"WeChat Pay answers nonsense: {error}") from error
    parameters = _app_parameters if charge.flow == "APP" else _jsapi_parameters
    return StartedCharge(client_parameters=parameters(account, charge, prepay_id, now))


def _nothing(account: WechatAccount, charge: Charge) -> dict[str, Any]:
    return {}


def _of_jsapi(account: WechatAccount, charge: Charge) -> dict[str, Any]:
    if not charge.payer_id:
        raise ChargeRefused("JSAPI needs the payer's openid")
    return {"payer": {"openid": charge.payer_id}}


def _of_h5(account: WechatAccount, charge: Charge) -> dict[str, Any]:
    if not charge.client_address:
        raise ChargeRefused("H5 needs the payer's IP address")
    scene = {"payer_client_ip": charge.client_address, "h5_info": {"type": "Wap"}}
    return {"scene_info": scene}


def _of_payment_code(account: WechatAccount, charge: Charge) -> dict[str, Any]:
    code = charge.payment_code or ""
    if not PAYMENT_CODE.fullmatch(code):
        raise ChargeRefused("a payment code of WeChat has 18 digits and begins with 10 to 15")
    scene: dict[str, Any] = {"store_info": {"out_id": charge.store_code or account.merchant_number}}
    if charge.client_address:
        scene["device_ip"] = charge.client_address
    return {"payer": {"auth_code": code}, "scene_info": scene}


_OF_FLOW: dict[str, Callable[[WechatAccount, Charge], dict[str, Any]]] = {
    "JSAPI": _of_jsapi,
    "H5": _of_h5,
    "PAYMENT_CODE": _of_payment_code,
}


def _with_return(url: str, charge: Charge) -> str:
    """Return the address of the payment page, which leads on to `return_url`."""
    if not charge.return_url:
        return url
    whole = f"{url}&redirect_url={quote(charge.return_url, safe='')}"
    if len(whole) > LONGEST_URL:
        raise ChargeRefused("the address to return to is too long")
    return whole


def _jsapi_parameters(
    account: WechatAccount, charge: Charge, prepay_id: str, now: datetime
) -> dict[str, str]:
    """Source: 微信支付, 小程序调起支付, https://pay.weixin.qq.com/doc/v3/merchant/4012791898."""
    app_id, package = account.app_id_of(charge), f"prepay_id={prepay_id}"
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    return {
        "appId": app_id,
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": package,
        "signType": "RSA",
        "paySign": client_signature(account, app_id, timestamp, nonce, package),
    }


def _app_parameters(
    account: WechatAccount, charge: Charge, prepay_id: str, now: datetime
) -> dict[str, str]:
    """Source: 微信支付, APP调起支付, https://pay.weixin.qq.com/doc/v3/merchant/4013070351."""
    app_id = account.app_id_of(charge)
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    return {
        "appid": app_id,
        "partnerid": account.merchant_number,
        "prepayid": prepay_id,
        "package": "Sign=WXPay",
        "noncestr": nonce,
        "timestamp": timestamp,
        "sign": client_signature(account, app_id, timestamp, nonce, prepay_id),
    }
