"""A charge as WeChat Pay describes it, in responses and notifications alike.

Source: 微信支付, 商户订单号查询订单, https://pay.weixin.qq.com/doc/v3/merchant/4012791859.
"""

from __future__ import annotations

from gateways.payments import ChargeState, ChargeStatus, Notification
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.reading import (
    CURRENCY_LENGTH,
    PAYER_LENGTH,
    PROVIDER_REFERENCE_LENGTH,
    REFERENCE_LENGTH,
    Object,
    Unreadable,
    amount,
    inner,
    optional_text,
    text,
)

MICROPAY = "MICROPAY"
_STATUSES = {
    "SUCCESS": ChargeStatus.SUCCEEDED,
    "REFUND": ChargeStatus.SUCCEEDED,  # paid, and some of it given back
    "NOTPAY": ChargeStatus.PENDING,
    "USERPAYING": ChargeStatus.PENDING,
    "ACCEPT": ChargeStatus.PENDING,
    "CLOSED": ChargeStatus.CLOSED,
    "REVOKED": ChargeStatus.CLOSED,
    "PAYERROR": ChargeStatus.FAILED,
}
# States that only a charge by payment code has; it is reversed instead of closed.
_OF_PAYMENT_CODES = {"USERPAYING", "PAYERROR", "REVOKED"}


class OtherMerchant(Unreadable):
    """A transaction of another merchant or app."""


def read_state(account: WechatAccount, said: Object) -> ChargeState:
    """Return how the charge of a transaction stands. Raises: Unreadable, OtherMerchant."""
    status = _STATUSES.get(text(said, "trade_state", 32))
    if status is None:
        raise Unreadable("trade_state is none that is known")
    if status is ChargeStatus.SUCCEEDED:
        return ChargeState(status=status, said=read_payment(account, said))
    check_owner(account, said)
    if status is ChargeStatus.FAILED:
        return ChargeState(status=status, said=_failed(said))
    return ChargeState(status=status)


def read_payment(account: WechatAccount, said: Object) -> Notification:
    """Return what a paid transaction says. Raises: Unreadable, OtherMerchant."""
    check_owner(account, said)
    money = inner(said, "amount")
    payer = said.get("payer")
    return Notification(
        reference=text(said, "out_trade_no", REFERENCE_LENGTH),
        provider_reference=text(said, "transaction_id", PROVIDER_REFERENCE_LENGTH),
        succeeded=True,
        amount_minor=amount(money, "total"),
        currency=text(money, "currency", CURRENCY_LENGTH),
        payer_id=optional_text(payer, "openid", PAYER_LENGTH) if isinstance(payer, dict) else None,
    )


def check_owner(account: WechatAccount, said: Object) -> None:
    """Check whose a transaction is.

    Raises: OtherMerchant for a merchant number or an app ID that is not the account's.
    """
    if said.get("mchid") != account.merchant_number:
        raise OtherMerchant("mchid is another merchant's")
    # WeChat Pay leaves the app ID out of what has not been paid.
    if "appid" in said and said["appid"] not in account.app_ids.values():
        raise OtherMerchant("appid is another app's")


def is_by_payment_code(said: Object) -> bool:
    return said.get("trade_type") == MICROPAY or said.get("trade_state") in _OF_PAYMENT_CODES


def _failed(said: Object) -> Notification:
    reference = text(said, "out_trade_no", REFERENCE_LENGTH)
    return Notification(
        reference=reference,
        provider_reference=optional_text(said, "transaction_id", PROVIDER_REFERENCE_LENGTH)
        or reference,
        succeeded=False,
        amount_minor=0,
        currency="CNY",
    )
