"""An order is paid over HTTP: paymentStart, WeChat Pay, its notification; and nothing else pays it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateways.payments import RefundOutcome
from gateways.telemetry.logs import configure_logging
from models.accounts.organisations import Organisation
from models.orders.orders import Order
from models.orders.payments import Payment, Refund
from resolvers.orders.payment import refunds
from settings import Settings
from tests.conftest import serving
from tests.make import wechat_keys as keys
from tests.make.api import Api
from tests.make.counter import (
    START,
    Counter,
    charge,
    open_counter,
    place,
    seen,
    start,
)
from tests.make.wechat_standin import WechatStandin, wechat_pay

PAID = "TRANSACTION.SUCCESS"


@dataclass(frozen=True)
class Shop:
    """A store that is paid through WeChat Pay, with a guest and their unpaid order."""

    counter: Counter
    standin: WechatStandin
    guest: Api
    order: Any
    merchant: str

    @property
    def path(self) -> str:
        return f"/webhooks/payments/wechat_pay/{self.merchant}"

    async def start(self) -> Any:
        return await start(self.guest, self.order, provider="WECHAT_PAY")

    async def notify(self, body: bytes, **differing: Any) -> tuple[int, str]:
        """Send a notification; return the status and the outcome that it is answered with."""
        path = differing.pop("path", self.path)
        headers = differing.pop("headers", None) or self.standin.signed(body, **differing)
        answer = await self.counter.api.client.post(path, content=body, headers=headers)
        return answer.status_code, answer.json()["outcome"]

    async def paid(self, **differing: Any) -> bytes:
        """Let the payer pay the order's last payment; return the notification's body."""
        reference = (await Payment.all().order_by("-id").first()).reference  # type: ignore[union-attr]
        return self.standin.notification(PAID, self.standin.shop.pay(reference, **differing))

    async def status(self) -> str:
        return str((await seen(self.guest, self.order))["status"])


@pytest.fixture
async def shop(settings: Settings, tmp_path: Path) -> AsyncIterator[Shop]:
    """The account is there before the server starts, and its merchant only afterwards."""
    async with wechat_pay() as standin:
        path = keys.account_file(tmp_path / "accounts", "WHO", standin.url)
        async with serving(replace(settings, payment_accounts=str(path))) as api:
            counter = await open_counter(api)
            guest = await api.guest()
            order = await place(counter, guest)
            merchant_id = (await Order.get()).merchant_id
            await Organisation.filter(id=merchant_id).update(code="WHO")
            yield Shop(counter, standin, guest, order, "WHO")


async def test_an_order_is_paid(shop: Shop) -> None:
    payment = await shop.start()
    assert payment["codeUrl"].startswith("weixin://wxpay/bizpayurl?pr=")
    assert "<svg" in payment["codeQrSvg"]
    (asked,) = shop.standin.asked("/native")
    assert asked["notify_url"] == shop.counter.api.settings.base_url + shop.path
    assert asked["amount"] == {"total": 1000, "currency": "CNY"}
    assert asked["time_expire"].endswith("+08:00")
    body = await shop.paid()
    assert await shop.notify(body) == (200, "PAID")
    assert await shop.status() == "PAID"
    row = await Payment.get()
    assert (row.status, row.provider_reference) == (
        "SUCCEEDED",
        shop.standin.shop.charges[row.reference]["transaction_id"],
    )
    # The same again, and again by another signature, changes nothing.
    headers = shop.standin.signed(body)
    for _ in range(2):
        assert await shop.notify(body, headers=headers) == (200, "REPEATED")
    assert await shop.notify(body) == (200, "REPEATED")
    assert (await Order.get()).paid_minor == 1000


async def test_a_repeated_start_asks_once(shop: Shop) -> None:
    given = charge(shop.order, provider="WECHAT_PAY")
    first = await shop.guest.do(START, input=given)
    assert await shop.guest.do(START, input=given) == first
    assert len(shop.standin.asked("/native")) == 1


async def test_what_does_not_come_from_wechat_pay_pays_nothing(shop: Shop) -> None:
    await shop.start()
    body = await shop.paid()
    assert (await shop.notify(body, by="stranger"))[0] == 401
    assert (await shop.notify(body, at=time.time() - 301))[0] == 401
    assert (await shop.notify(body, at=time.time() + 400))[0] == 401
    probe = shop.standin.signed(body) | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/aGVsbG8="}
    assert (await shop.notify(body, headers=probe))[0] == 401
    assert (await shop.notify(body, headers={"X": "y"}))[0] == 401
    assert (await shop.notify(body[:-1] + b" "))[0] == 400
    assert await shop.status() == "PENDING_PAYMENT"
    assert await shop.notify(body) == (200, "PAID")


async def test_another_merchants_notification_pays_nothing(shop: Shop) -> None:
    await shop.start()
    body = await shop.paid(mchid="1900000110")
    assert (await shop.notify(body))[0] == 401
    sealed = shop.standin.notification(PAID, json.loads("{}"), key=b"z" * 32)
    assert (await shop.notify(sealed))[0] == 400
    good = await shop.paid()
    for elsewhere in ("/webhooks/payments/wechat_pay/OTHER", "/webhooks/payments/wechat_pay"):
        assert (await shop.notify(good, path=elsewhere))[0] == 404
    assert await shop.status() == "PENDING_PAYMENT"


async def test_an_account_pays_for_no_order_of_another_merchant(shop: Shop) -> None:
    """A merchant can be paid under any reference, also one that it has seen elsewhere."""
    await shop.start()
    body = await shop.paid()
    await Organisation.filter(code=shop.merchant).update(code="ELSE")
    assert await shop.notify(body) == (404, "UNKNOWN")
    assert await shop.status() == "PENDING_PAYMENT"
    assert (await Payment.get()).status == "PENDING"
    await Organisation.filter(code="ELSE").update(code=shop.merchant)
    assert await shop.notify(body) == (200, "PAID")


async def test_another_amount_goes_back(shop: Shop) -> None:
    await shop.start()
    body = await shop.paid(amount={"total": 999, "payer_total": 999, "currency": "CNY"})
    assert await shop.notify(body) == (200, "REFUNDED")
    assert await shop.status() == "PENDING_PAYMENT"
    refund = await Refund.get()
    await refunds.ask_provider(shop.counter.ctx, {"refund_id": refund.id})
    (asked,) = shop.standin.asked("/refunds")
    assert asked["amount"] == {"refund": 999, "total": 999, "currency": "CNY"}
    assert asked["notify_url"].endswith(shop.path)
    assert (await Refund.get()).status == "SUCCEEDED"


async def test_a_refund_that_takes_its_time_is_settled_by_its_notification(shop: Shop) -> None:
    await shop.start()
    shop.standin.shop.refund_status = "PROCESSING"
    await shop.notify(await shop.paid(amount={"total": 999, "currency": "CNY"}))
    refund = await Refund.get()
    with pytest.raises(Exception, match=RefundOutcome.PENDING):
        await refunds.ask_provider(shop.counter.ctx, {"refund_id": refund.id})
    said = shop.standin.shop.notified(refund.reference, refund_status="SUCCESS")
    other = shop.standin.notification("REFUND.SUCCESS", said | {"mchid": "1900000110"})
    assert (await shop.notify(other))[0] == 401
    assert (await Refund.get()).status == "REQUESTED"
    body = shop.standin.notification("REFUND.SUCCESS", said)
    for _ in range(2):
        assert await shop.notify(body) == (200, "REFUNDED")
    assert (await Refund.get()).status == "SUCCEEDED"


async def test_an_unknown_payment_is_not_taken(shop: Shop) -> None:
    await shop.start()
    body = await shop.paid(out_trade_no="P-of-somebody-else")
    assert await shop.notify(body) == (404, "UNKNOWN")
    assert await shop.status() == "PENDING_PAYMENT"


@pytest.mark.parametrize("how", ["unsigned", "forged", "nonsense", "error", "flood"])
async def test_a_provider_that_answers_anything_starts_nothing(shop: Shop, how: str) -> None:
    shop.standin.misbehave = lambda path: how
    given = charge(shop.order, provider="WECHAT_PAY")
    [error] = await shop.guest.refused(START, input=given)
    assert error["code"] == "PAYMENT_FAILED"
    assert "does not answer" in error["message"]
    assert (await Payment.get()).code_url is None
    # The same key asks again, under the same number.
    shop.standin.misbehave = lambda path: None
    assert (await shop.guest.do(START, input=given))["payment"]["codeUrl"]
    assert {each["out_trade_no"] for each in shop.standin.asked("/native")} == {
        (await Payment.get()).reference
    }


async def test_a_payment_code_pays_at_once(shop: Shop) -> None:
    given = charge(shop.order, provider="WECHAT_PAY", flow="PAYMENT_CODE")
    [error] = await shop.guest.refused(START, input={**given, "paymentCode": "280061098828009406"})
    assert "refuses" in error["message"]
    assert await shop.status() == "PENDING_PAYMENT"
    whole = charge(shop.order, provider="WECHAT_PAY", flow="PAYMENT_CODE")
    whole["paymentCode"] = "130061098828009406"
    payment = (await shop.guest.do(START, input=whole))["payment"]
    assert payment["status"] == "SUCCEEDED"
    assert await shop.status() == "PAID"
    assert (await shop.guest.do(START, input=whole))["payment"] == payment


async def test_a_flow_that_lacks_something_is_refused(shop: Shop) -> None:
    given = charge(shop.order, provider="WECHAT_PAY", flow="JSAPI")
    [error] = await shop.guest.speaking("zh").refused(START, input=given)
    assert (error["code"], error["message"]) == ("PAYMENT_FAILED", "支付机构拒绝了这笔支付。")
    assert shop.standin.requests == []


async def test_many_notifications_at_once_pay_once(shop: Shop) -> None:
    await shop.start()
    body = await shop.paid()
    outcomes = await asyncio.gather(*(shop.notify(body) for _ in range(20)))
    assert sorted(outcomes) == [(200, "PAID"), *[(200, "REPEATED")] * 19]
    assert (await Order.get()).paid_minor == 1000


async def test_no_secret_is_logged(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Not by the most talkative level, whatever goes wrong, and by no library."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logging("debug", json=True)
        await shop.start()
        body = await shop.paid()
        for how in ("forged", "nonsense", "error"):
            shop.standin.misbehave = lambda path, how=how: how  # type: ignore[misc]
            await shop.guest.refused(START, input=charge(shop.order, provider="WECHAT_PAY"))
        shop.standin.misbehave = lambda path: None
        await shop.notify(body, by="stranger")
        await shop.notify(body)
    finally:
        written = capsys.readouterr()
        configure_logging("error")
        root.handlers = handlers
        root.setLevel(level)
    text = written.out + written.err
    assert "payment notification" in text
    assert "payment notification refused" in text
    pem = keys.private_pem("merchant").decode().splitlines()[1:-1]
    openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    for secret in (keys.API_V3_KEY.decode(), keys.APP_SECRET, "WECHATPAY2", openid, *pem):
        assert secret not in text
