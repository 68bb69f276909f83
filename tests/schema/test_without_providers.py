"""In production without providers: what needs one refuses, and the start and the doctor said so before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateways.wiring import make_gateways
from models.orders.orders import Order
from models.orders.payments import Payment
from settings import OFF_IN_PRODUCTION, Settings
from settings_exposure import production_warnings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.counter import START, charge, open_counter, place
from tests.make.documents import document


@pytest.fixture
async def bare(settings: Settings) -> AsyncIterator[Api]:
    off = dict.fromkeys(OFF_IN_PRODUCTION, False)
    production = replace(
        settings, environment="production", sms_outbox="", secret_key="k" * 32, **off
    )
    async with serving(production) as api:
        yield api


async def test_no_payment_begins(bare: Api) -> None:
    counter = await open_counter(bare)
    guest = await bare.guest()
    order = await place(counter, guest)
    for provider in ("SANDBOX", "WECHAT_PAY", "ALIPAY"):
        [error] = await guest.refused(START, input=charge(order, provider=provider))
        assert (error["code"], error["path"]) == ("INVALID", ["provider"])
    assert await Payment.all().count() == 0
    assert (await Order.get()).status == "PENDING_PAYMENT"
    for path in ("/webhooks/payments/sandbox", "/webhooks/payments/wechat_pay", "/sandbox/pay/P1"):
        assert (await bare.client.post(path)).status_code == 404


async def test_no_code_is_promised_however_it_is_asked_for(bare: Api) -> None:
    for _ in range(2):  # a refusal uses up nothing
        [error] = await bare.refused(document("phone/code_request"), phone="13800004321")
        assert (error["code"], error["path"]) == ("UNAVAILABLE", ["phone"])


def test_the_start_warns_of_each() -> None:
    production = Settings(environment="production", sandbox_payments=False)
    warned = " ".join(production_warnings(production, make_gateways(production)))
    for mutation in ("paymentStart refuses", "otpRequest refuses"):
        assert mutation in warned
