"""What WeChat Pay sends to the notification address of a charge or a refund.

Source: 微信支付, 支付成功回调通知 https://pay.weixin.qq.com/doc/v3/merchant/4012791882,
退款结果通知 …/4013071196.
"""

from __future__ import annotations

from datetime import datetime

from gateways.payments import (
    BadNotification,
    ChargeStatus,
    Notification,
    RefundState,
    UnreadableNotification,
)
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.platform_keys import PlatformKeys
from gateways.wechat_pay.reading import Unreadable, inner, json_object, text
from gateways.wechat_pay.refunds import read_notified_refund
from gateways.wechat_pay.resources import decrypt
from gateways.wechat_pay.signing import BadSignature, UnknownSigner, verify
from gateways.wechat_pay.transactions import OtherMerchant, read_state

TRANSACTIONS = frozenset({"TRANSACTION.SUCCESS"})
REFUNDS = frozenset({"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"})


def read(
    account: WechatAccount,
    keys: PlatformKeys,
    headers: dict[str, str],
    body: bytes,
    now: datetime,
) -> Notification | RefundState:
    """Verify, decrypt and read a notification.

    Raises: UnreadableNotification for content that makes no sense, BadNotification for everything that is
    not WeChat Pay's, is stale, or is for another merchant.
    """
    try:
        verify(headers, body, lambda serial: keys.of(serial, now), now)
    except UnknownSigner as error:
        keys.renew_soon()
        raise BadNotification(str(error)) from error
    except BadSignature as error:
        raise BadNotification(str(error)) from error
    try:
        return _content(account, body)
    except OtherMerchant as error:
        raise BadNotification(str(error)) from error
    except Unreadable as error:
        raise UnreadableNotification(str(error)) from error


def _content(account: WechatAccount, body: bytes) -> Notification | RefundState:
    envelope = json_object(body)
    event = text(envelope, "event_type", 64)
    if event not in TRANSACTIONS | REFUNDS:
        raise Unreadable("event_type is none that is known here")
    said = json_object(decrypt(inner(envelope, "resource"), account.api_v3_key))
    if event in REFUNDS:
        return read_notified_refund(account, said)
    state = read_state(account, said)
    if state.status is not ChargeStatus.SUCCEEDED or state.said is None:
        raise Unreadable("trade_state is not that of a paid charge")
    return state.said
