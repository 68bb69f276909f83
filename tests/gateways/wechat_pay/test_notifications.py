"""A notification is read only when WeChat Pay has signed it now, for this merchant."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateways.payments import (
    BadNotification,
    Notification,
    RefundOutcome,
    RefundState,
    UnreadableNotification,
)
from gateways.wechat_pay import platform_keys
from gateways.wechat_pay.gateway import WechatPayments
from tests.make import wechat_keys as keys
from tests.make.wechat_charges import CHARGE, ORDER
from tests.make.wechat_standin import WechatStandin, encrypted, wechat_pay

PAID = "TRANSACTION.SUCCESS"


def received(
    gateway: WechatPayments, standin: WechatStandin, body: bytes, **headers: str
) -> Notification | RefundState:
    signed = {name.lower(): value for name, value in standin.signed(body).items()} | headers
    return gateway.verify(signed, body, datetime.now(UTC))


@pytest.fixture
async def transaction(gateway: WechatPayments, standin: WechatStandin) -> dict[str, object]:
    await gateway.start(CHARGE)
    return standin.shop.pay(CHARGE.reference)


async def test_a_payment_is_read(gateway, standin, transaction) -> None:
    said = received(gateway, standin, standin.notification(PAID, transaction))
    assert said == Notification(
        reference=CHARGE.reference,
        provider_reference=transaction["transaction_id"],
        succeeded=True,
        amount_minor=1250,
        currency="CNY",
        payer_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    )
    assert gateway.acknowledge(taken=True) is None


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("REFUND.SUCCESS", RefundOutcome.SUCCEEDED),
        ("REFUND.ABNORMAL", RefundOutcome.FAILED),
        ("REFUND.CLOSED", RefundOutcome.FAILED),
    ],
)
async def test_a_refund_is_read(gateway, standin, transaction, event, outcome) -> None:
    await gateway.refund(ORDER)
    status = event.partition(".")[2]
    said = standin.shop.notified(ORDER.reference, refund_status=status)
    state = received(gateway, standin, standin.notification(event, said))
    assert isinstance(state, RefundState)
    assert (state.reference, state.outcome, state.amount_minor) == (ORDER.reference, outcome, 500)


@pytest.mark.parametrize(
    "spoil",
    [
        {"wechatpay-signature": "WECHATPAY/SIGNTEST/aGVsbG8="},
        {"wechatpay-signature": ""},
        {"wechatpay-signature": "aGVsbG8="},
        {"wechatpay-signature": "nonsense!"},
        {"wechatpay-signature": "A" * 2000},
        {"wechatpay-nonce": "another"},
        {"wechatpay-nonce": "x" * 200},
        {"wechatpay-timestamp": "1"},
        {"wechatpay-timestamp": "-1"},
        {"wechatpay-timestamp": "1e9"},
        {"wechatpay-timestamp": "9" * 400},
        {"wechatpay-timestamp": "١٢٣"},
        {"wechatpay-serial": "PUB_KEY_ID_1"},
        {"wechatpay-serial": keys.MERCHANT_SERIAL},
    ],
)
async def test_what_is_not_signed_so_is_refused(gateway, standin, transaction, spoil) -> None:
    with pytest.raises(BadNotification) as raised:
        received(gateway, standin, standin.notification(PAID, transaction), **spoil)
    assert not isinstance(raised.value, UnreadableNotification)


async def test_a_stranger_and_a_changed_body_are_refused(gateway, standin, transaction) -> None:
    body = standin.notification(PAID, transaction)
    for headers, sent in (
        (standin.signed(body, by="stranger"), body),
        (standin.signed(body), body + b" "),
    ):
        lowered = {name.lower(): value for name, value in headers.items()}
        with pytest.raises(BadNotification, match="signature is wrong"):
            gateway.verify(lowered, sent, datetime.now(UTC))
    with pytest.raises(BadNotification, match="not signed"):
        gateway.verify({}, body, datetime.now(UTC))


@pytest.mark.parametrize(
    ("seconds", "good"), [(299, True), (301, False), (-299, True), (-301, False)]
)
async def test_it_is_good_for_five_minutes(gateway, standin, transaction, seconds, good) -> None:
    body = standin.notification(PAID, transaction)
    headers = {name.lower(): value for name, value in standin.signed(body).items()}
    then = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), UTC)
    moment = then + timedelta(seconds=seconds)
    if good:
        assert gateway.verify(headers, body, moment).reference == CHARGE.reference
        return
    with pytest.raises(BadNotification, match="not of this moment"):
        gateway.verify(headers, body, moment)


async def test_another_merchants_is_refused(gateway, standin, transaction) -> None:
    for other in ({"mchid": "1900000110"}, {"appid": "wx9999999999999999"}):
        with pytest.raises(BadNotification, match="another"):
            received(gateway, standin, standin.notification(PAID, transaction | other))
    sealed = standin.notification(PAID, transaction, key=b"y" * 32)
    with pytest.raises(UnreadableNotification, match="APIv3 key"):
        received(gateway, standin, sealed)
    await gateway.refund(ORDER)
    refund = standin.shop.notified(ORDER.reference, mchid="1900000110")
    with pytest.raises(BadNotification, match="another merchant"):
        received(gateway, standin, standin.notification("REFUND.SUCCESS", refund))


def with_resource(**differing: object) -> bytes:
    resource = encrypted(b"{}", "transaction") | differing
    return json.dumps({"event_type": PAID, "resource": resource}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"event_type": "TRANSACTION.SUCCESS"}',
        b'{"event_type": "PAYSCORE.USER_PAID", "resource": {}}',
        with_resource(),
        with_resource(algorithm="AEAD_AES_128_GCM"),
        with_resource(nonce=""),
        with_resource(nonce="x"),
        with_resource(nonce=7),
        with_resource(ciphertext="nonsense!"),
        with_resource(ciphertext=""),
        with_resource(associated_data="refund"),
        with_resource(associated_data=["transaction"]),
    ],
)
async def test_signed_nonsense_is_refused(gateway, standin, body: bytes) -> None:
    with pytest.raises(UnreadableNotification):
        received(gateway, standin, body)


@pytest.mark.parametrize(
    "differing",
    [
        {"trade_state": "NOTPAY"},
        {"trade_state": "PAYERROR"},
        {"out_trade_no": ""},
        {"out_trade_no": "x" * 33},
        {"out_trade_no": "P\n1"},
        {"amount": {"currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": "1250", "currency": "CNY"}},
        {"amount": {"total": 10**14, "currency": "CNY"}},
        {"payer": {"openid": 7}},
    ],
)
async def test_a_payment_that_makes_no_sense_is_refused(
    gateway, standin, transaction, differing
) -> None:
    with pytest.raises(UnreadableNotification):
        received(gateway, standin, standin.notification(PAID, transaction | differing))


async def test_what_nobody_reads_may_be_anything(gateway, standin, transaction) -> None:
    more = {"promotion_detail": [{"amount": 1.5, "scope": None}], "new": {"a": [[[]]]}}
    said = received(gateway, standin, standin.notification(PAID, transaction | more))
    assert said.reference == CHARGE.reference


async def test_an_unknown_certificate_is_fetched_until_the_next_time(open_at) -> None:
    async with wechat_pay(rotates=True, signer="first") as standin:
        gateway = open_at(standin.url, rotates=True)
        said = {
            "mchid": keys.MERCHANT_NUMBER,
            "appid": keys.APP_IDS["app"],
            "out_trade_no": CHARGE.reference,
            "transaction_id": "42",
            "trade_state": "SUCCESS",
            "amount": {"total": 1, "currency": "CNY"},
        }
        body = standin.notification(PAID, said)
        for _ in range(3):
            with pytest.raises(BadNotification, match="unknown key"):
                received(gateway, standin, body)
        await asyncio.gather(*fetching())
        assert received(gateway, standin, body).reference == CHARGE.reference
        assert len(standin.asked("/v3/certificates")) == 1


def fetching() -> list[asyncio.Task[object]]:
    """Return the tasks that fetch certificates in the background."""
    return [task for task in asyncio.all_tasks() if "PlatformKeys" in repr(task.get_coro())]


async def test_certificates_that_do_not_come_are_a_warning(
    open_at, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    told = SimpleNamespace(warning=lambda event, **_: written.append(event))
    monkeypatch.setattr(platform_keys, "log", told)
    async with wechat_pay(rotates=True, signer="first") as standin:
        standin.misbehave = lambda path: "error"
        gateway = open_at(standin.url, rotates=True)
        with pytest.raises(BadNotification, match="unknown key"):
            received(gateway, standin, standin.notification(PAID, {}))
        await asyncio.gather(*fetching())
    assert written == ["platform certificates not fetched"]
