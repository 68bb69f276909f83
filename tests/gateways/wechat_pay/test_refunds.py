"""Money goes back once a number, and what is said of it is about that refund."""

from __future__ import annotations

import pytest

from gateways import GatewayError
from gateways.payments import RefundOutcome
from gateways.wechat_pay.gateway import WechatPayments
from tests.make.wechat_charges import CHARGE, ORDER
from tests.make.wechat_shop import refused
from tests.make.wechat_standin import WechatStandin


@pytest.fixture
async def paid(gateway: WechatPayments, standin: WechatStandin) -> WechatPayments:
    await gateway.start(CHARGE)
    standin.shop.pay(CHARGE.reference)
    return gateway


async def test_a_refund_is_given_once(paid: WechatPayments, standin: WechatStandin) -> None:
    assert (await paid.query_refund(ORDER)).outcome is RefundOutcome.UNKNOWN
    first = await paid.refund(ORDER)
    assert (first.outcome, first.amount_minor) == (RefundOutcome.SUCCEEDED, 500)
    assert await paid.refund(ORDER) == first
    assert await paid.query_refund(ORDER) == first
    assert len(standin.shop.refunds) == 1
    asked = standin.asked("/refunds")[0]
    assert asked["amount"] == {"refund": 500, "total": 1250, "currency": "CNY"}
    assert len(asked["reason"]) == 80


@pytest.mark.parametrize(
    ("status", "outcome", "failure"),
    [
        ("PROCESSING", RefundOutcome.PENDING, None),
        ("ABNORMAL", RefundOutcome.FAILED, "ABNORMAL"),
        ("CLOSED", RefundOutcome.FAILED, "CLOSED"),
    ],
)
async def test_a_refund_stands_as_it_is_said(
    paid: WechatPayments, standin: WechatStandin, status: str, outcome: str, failure: str | None
) -> None:
    standin.shop.refund_status = status
    state = await paid.refund(ORDER)
    assert (state.outcome, state.failure) == (outcome, failure)


async def test_only_a_payer_without_an_account_ends_it(
    paid: WechatPayments, standin: WechatStandin
) -> None:
    standin.shop.refuse = refused(403, "USER_ACCOUNT_ABNORMAL")
    state = await paid.refund(ORDER)
    assert state.outcome is RefundOutcome.FAILED
    assert state.failure is not None
    assert state.failure.startswith("USER_ACCOUNT_ABNORMAL")
    for code in ("NOT_ENOUGH", "SYSTEM_ERROR", "INVALID_REQUEST"):
        standin.shop.refuse = refused(403, code)
        with pytest.raises(GatewayError, match=code):
            await paid.refund(ORDER)
    assert standin.shop.refunds == {}


@pytest.mark.parametrize(
    "differing",
    [
        {"out_refund_no": "R1"},
        {"out_trade_no": "P1"},
        {"amount": {"refund": 501, "total": 1250}},
        {"status": "WEIRD"},
        {"refund_id": None},
    ],
)
async def test_an_answer_about_another_refund_is_nonsense(
    paid: WechatPayments, standin: WechatStandin, differing, monkeypatch
) -> None:
    await paid.refund(ORDER)
    said = standin.shop.refunds[ORDER.reference] | differing
    monkeypatch.setattr(standin.shop, "answer", lambda *_: (200, said))
    with pytest.raises(GatewayError, match="nonsense"):
        await paid.query_refund(ORDER)
