from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateways.sandbox import SandboxPayments
from models.orders.orders import Order
from models.orders.payments import Payment
from resolvers.orders import cancelling
from schema.nodes.nodes import row_id
from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.counter import START, Counter, charge, new_key, open_counter, place, seen, start
from tests.make.sales import later

WEBHOOK = "/webhooks/payments/sandbox"
RECORD = """mutation($input: PaymentRecordInput!) { paymentRecord(input: $input) {
  payment { status provider flow amount { amount } settledAt } userErrors { code message path } } }"""


@pytest.fixture
async def counter(api: Api) -> Counter:
    return await open_counter(api)


async def test_the_whole_payment(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    payment = await start(guest, order)
    assert (payment["status"], payment["settledAt"]) == ("PENDING", None)
    assert payment["amount"] == {"amount": "10.00", "currency": "CNY"}
    assert payment["clientParameters"] == []
    assert "<svg" in payment["codeQrSvg"]
    assert payment["order"]["id"] == order["id"]
    page = await counter.api.client.get(payment["codeUrl"])
    assert page.status_code == 200
    assert "10.00 CNY" in page.text
    assert order["number"] in page.text
    assert "script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    paid = await counter.api.client.post(payment["codeUrl"])
    assert (paid.status_code, "Paid" in paid.text) == (200, True)
    now = await seen(guest, order)
    assert now["status"] == "PAID"
    assert now["totals"]["paid"]["amount"] == "10.00"
    assert [each["status"] for each in now["payments"]] == ["SUCCEEDED"]
    again = await counter.api.client.post(payment["codeUrl"])
    assert again.status_code == 200
    assert await seen(guest, order) == now


async def test_a_failed_attempt_and_a_second_one(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    payment = await start(guest, order)
    failed = await counter.api.client.post(payment["codeUrl"] + "?outcome=failed")
    assert (failed.status_code, "Failed" in failed.text) == (200, True)
    now = await seen(guest, order)
    assert now["status"] == "PENDING_PAYMENT"
    assert [each["status"] for each in now["payments"]] == ["FAILED"]
    await counter.api.client.post((await start(guest, order))["codeUrl"])
    assert (await seen(guest, order))["status"] == "PAID"


async def test_the_same_key_answers_the_same_payment(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    given = charge(order)
    answers = await asyncio.gather(*(guest.do(START, input=given) for _ in range(5)))
    assert len({orjson.dumps(each["payment"]) for each in answers}) == 1
    assert await Payment.all().count() == 1
    reused = await guest.refused(START, input={**given, "paymentCode": "1"})
    assert reused[0]["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("differing", "path"),
    [
        ({"provider": "WECHAT_PAY"}, ["provider"]),
        ({"provider": "CASH"}, ["provider"]),
        ({"provider": "WALLET"}, ["provider"]),
        ({"flow": "JSAPI"}, ["flow"]),
        ({"flow": "PAYMENT_CODE", "paymentCode": "134567890123456789"}, ["flow"]),
        ({"orderId": "nonsense"}, ["orderId"]),
        ({"idempotencyKey": ""}, ["idempotencyKey"]),
        ({"idempotencyKey": "x" * 129}, ["idempotencyKey"]),
    ],
)
async def test_what_is_not_offered_is_said_so(
    counter: Counter, differing: dict[str, str], path: list[str]
) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    (error,) = await guest.refused(START, input=charge(order, **differing))
    assert (error["code"], error["path"]) == ("INVALID", path)
    assert await Payment.all().count() == 0


async def test_only_its_owner_pays_an_order(counter: Counter) -> None:
    order = await place(counter, await counter.api.guest())
    stranger = await counter.api.guest()
    (error,) = await stranger.refused(START, input=charge(order))
    assert error["code"] == "NOT_FOUND"
    answer = await counter.clerk.send(START, input=charge(order))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    answer = await counter.api.send(START, input=charge(order))
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await Payment.all().count() == 0


async def test_an_order_that_waits_for_no_money_takes_none(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    overdue = datetime.now(UTC) - timedelta(seconds=1)
    await Order.filter(id=row_id(order["id"], "Order")).update(hold_expires_at=overdue)
    (error,) = await guest.refused(START, input=charge(order))
    assert error["code"] == "EXPIRED"
    assert await cancelling.expire_due(later(counter.ctx, minutes=1)) == 1
    (error,) = await guest.refused(START, input=charge(order))
    assert error["code"] == "STATE_CONFLICT"
    assert await Payment.all().count() == 0


async def test_a_forged_page_pays_nothing(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    url = (await start(guest, order))["codeUrl"]
    spoilt = url[:-4] + ("AAAA" if url[-4:] != "AAAA" else "BBBB")
    for method in ("GET", "POST"):
        answer = await counter.api.client.request(method, spoilt)
        assert answer.status_code == 400
    assert (await seen(guest, order))["status"] == "PENDING_PAYMENT"


async def test_the_sandbox_is_verified_like_any_other_provider(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    url = (await start(guest, order))["codeUrl"]
    forged = {"sandbox-signature": "forged" + new_key()}
    signed = SandboxPayments.signed
    monkeypatch.setattr(SandboxPayments, "signed", lambda *given: signed(*given) | forged)
    answer = await counter.api.client.post(url, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (502, {"outcome": "refused by the shop"})
    assert (await seen(guest, order))["status"] == "PENDING_PAYMENT"
    monkeypatch.undo()
    answer = await counter.api.client.post(url, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"outcome": "paid"})


async def test_forged_and_old_notifications_pay_nothing(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    url = (await start(guest, order))["codeUrl"]
    provider = counter.ctx.gateways.payments["SANDBOX"]
    assert isinstance(provider, SandboxPayments)
    theirs = provider.charge_of(url.rpartition("/")[2])
    now = datetime.now(UTC)
    body, headers = provider.notification_of(theirs, succeeded=True, now=now)
    old = provider.signed(body, now - timedelta(hours=1))
    forgeries = [
        (body, {}),
        (body, {**headers, "sandbox-signature": "forged"}),
        (body, {**headers, "sandbox-timestamp": str(int(now.timestamp()) + 1)}),
        (body, old),
        (body + b" ", headers),
        (b"", headers),
    ]
    for forged, with_headers in forgeries:
        answer = await counter.api.client.post(WEBHOOK, content=forged, headers=with_headers)
        assert answer.status_code == 401
    assert (await seen(guest, order))["status"] == "PENDING_PAYMENT"
    answer = await counter.api.client.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "PAID"})
    answer = await counter.api.client.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "REPEATED"})
    assert (await seen(guest, order))["status"] == "PAID"


async def test_what_the_webhook_cannot_use(counter: Counter) -> None:
    client = counter.api.client
    assert (await client.get(WEBHOOK)).status_code == 405
    assert (await client.post(WEBHOOK, content=b"x" * 70_000)).status_code == 413
    assert (await client.post("/webhooks/payments/wechat_pay", content=b"{}")).status_code == 404
    provider = counter.ctx.gateways.payments["SANDBOX"]
    assert isinstance(provider, SandboxPayments)
    body = orjson.dumps(
        {
            "reference": "nobody",
            "provider_reference": "x",
            "succeeded": True,
            "amount_minor": 1,
            "currency": "CNY",
        }
    )
    headers = provider.signed(body, datetime.now(UTC))
    answer = await client.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (404, {"outcome": "UNKNOWN"})


async def test_without_the_sandbox_there_is_none(settings: Settings) -> None:
    async with serving(replace(settings, sandbox_payments=False)) as api:
        counter = await open_counter(api)
        guest = await api.guest()
        order = await place(counter, guest)
        (error,) = await guest.refused(START, input=charge(order))
        assert (error["code"], error["path"]) == ("INVALID", ["provider"])
        assert (await api.client.get("/sandbox/pay/x")).status_code == 404
        assert (await api.client.post(WEBHOOK, content=b"{}")).status_code == 404


async def test_a_charge_that_the_shop_does_not_know_is_said_so(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest)
    url = (await start(guest, order))["codeUrl"]
    await Payment.filter(order_id=row_id(order["id"], "Order")).update(reference="moved")
    answer = await counter.api.client.post(url, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (502, {"outcome": "refused by the shop"})
    assert (await seen(guest, order))["status"] == "PENDING_PAYMENT"


def till(order: object, **differing: object) -> dict[str, object]:
    return {
        "orderId": order["id"],  # type: ignore[index]
        "provider": "CASH",
        "amount": "10.00",
        "idempotencyKey": new_key(),
        **differing,
    }


async def test_a_cashier_takes_cash(counter: Counter) -> None:
    guest = await counter.api.guest()
    order = await place(counter, guest, "CARRY_OUT")
    given = till(order, provider="CARD", reference="slip 7")
    payment = (await counter.clerk.do(RECORD, input=given))["payment"]
    assert (payment["status"], payment["flow"]) == ("SUCCEEDED", "COUNTER")
    assert payment["settledAt"] is not None
    assert (await counter.clerk.do(RECORD, input=given))["payment"] == payment
    assert (await seen(guest, order))["status"] == "PAID"
    (error,) = await counter.clerk.refused(RECORD, input=till(order))
    assert error["code"] == "STATE_CONFLICT"
    assert await Payment.all().count() == 1


@pytest.mark.parametrize(
    ("differing", "path"),
    [
        ({"amount": "9.99"}, ["amount"]),
        ({"amount": "10.001"}, ["amount"]),
        ({"amount": "-10"}, ["amount"]),
        ({"amount": "1E+20"}, ["amount"]),
        ({"provider": "SANDBOX"}, ["provider"]),
        ({"reference": "x" * 65}, ["reference"]),
        ({"reference": ""}, ["reference"]),
    ],
)
async def test_a_till_takes_the_whole_amount_in_its_own_ways(
    counter: Counter, differing: dict[str, str], path: list[str]
) -> None:
    order = await place(counter, await counter.api.guest(), "CARRY_OUT")
    (error,) = await counter.clerk.refused(RECORD, input=till(order, **differing))
    assert (error["code"], error["path"]) == ("INVALID", path)
    assert await Payment.all().count() == 0


async def test_a_till_elsewhere_finds_no_order(counter: Counter) -> None:
    order = await place(counter, await counter.api.guest(), "CARRY_OUT")
    elsewhere = await open_counter(counter.api)
    (error,) = await elsewhere.clerk.refused(RECORD, input=till(order))
    assert error["code"] == "NOT_FOUND"
    answer = await (await counter.api.guest()).send(RECORD, input=till(order))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await Payment.all().count() == 0


async def test_a_payment_is_seen_by_who_sees_its_order(counter: Counter) -> None:
    guest = await counter.api.guest()
    payment = await start(guest, await place(counter, guest))
    elsewhere = await open_counter(counter.api)
    node = "query($id: ID!) { node(id: $id) { id } }"
    for person in (guest, counter.clerk):
        assert (await person.ask(node, id=payment["id"]))["node"]["id"] == payment["id"]
    for person in (await counter.api.guest(), elsewhere.clerk, counter.api):
        assert (await person.ask(node, id=payment["id"]))["node"] is None
