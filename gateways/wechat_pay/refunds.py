"""Money given back, as WeChat Pay is asked for it and describes it.

Source: 微信支付, 退款申请 https://pay.weixin.qq.com/doc/v3/merchant/4013071036,
查询单笔退款 …/4013071041, 退款结果通知 …/4013071196.
"""

from __future__ import annotations

from typing import Any

from gateways.payments import RefundOrder, RefundOutcome, RefundState
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.reading import (
    PROVIDER_REFERENCE_LENGTH,
    REFERENCE_LENGTH,
    Object,
    Unreadable,
    amount,
    inner,
    text,
)
from gateways.wechat_pay.transactions import OtherMerchant

PATH = "/v3/refund/domestic/refunds"
LONGEST_REASON = 80
# CLOSED: the refund was given up. ABNORMAL: the payer's card takes no money, and the merchant has to
# send it another way, in WeChat Pay's merchant platform.
_OUTCOMES = {
    "SUCCESS": RefundOutcome.SUCCEEDED,
    "PROCESSING": RefundOutcome.PENDING,
    "CLOSED": RefundOutcome.FAILED,
    "ABNORMAL": RefundOutcome.FAILED,
}


def request_of(order: RefundOrder) -> dict[str, Any]:
    """Return the body that asks for a refund."""
    body: dict[str, Any] = {
        "out_trade_no": order.charge_reference,
        "out_refund_no": order.reference,
        "notify_url": order.notify_url,
        "amount": {
            "refund": order.amount_minor,
            "total": order.charged_minor,
            "currency": order.currency,
        },
    }
    if reason := order.reason[:LONGEST_REASON]:
        body["reason"] = reason
    return body


def read_refund(said: Object, order: RefundOrder) -> RefundState:
    """Return the state in a response about a refund. Raises: Unreadable, also for another refund."""
    state = _state(said, text(said, "status", 32))
    if state.reference != order.reference or said.get("out_trade_no") != order.charge_reference:
        raise Unreadable("it is about another refund")
    if state.amount_minor != order.amount_minor:
        raise Unreadable("it is about another amount")
    return state


def read_notified_refund(account: WechatAccount, said: Object) -> RefundState:
    """Return the state in a notification. Raises: Unreadable, OtherMerchant."""
    if said.get("mchid") != account.merchant_number:
        raise OtherMerchant("mchid is another merchant's")
    return _state(said, text(said, "refund_status", 32))


def _state(said: Object, status: str) -> RefundState:
    outcome = _OUTCOMES.get(status)
    if outcome is None:
        raise Unreadable("the status of the refund is none that is known")
    return RefundState(
        reference=text(said, "out_refund_no", REFERENCE_LENGTH),
        outcome=outcome,
        amount_minor=amount(inner(said, "amount"), "refund"),
        provider_reference=text(said, "refund_id", PROVIDER_REFERENCE_LENGTH),
        failure=status if outcome is RefundOutcome.FAILED else None,
    )
