from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateways import GatewayError
from gateways.payments import (
    BadNotification,
    Charge,
    ChargePaid,
    ChargeStatus,
    RefundOrder,
    RefundOutcome,
    StatementKind,
)
from gateways.sandbox import (
    MAX_AGE_SECONDS,
    NONCE,
    SIGNATURE,
    TIMESTAMP,
    TIMEZONE,
    BadToken,
    SandboxPayments,
)
from gateways.sandbox_ledger import SandboxLedger
from models.keys.signing_keys import KeyRing

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
SECRET = "a secret of at least 32 characters!"
CHARGE = Charge(
    reference="P" + "0" * 30,
    amount_minor=1250,
    currency="CNY",
    description="Order 260131ABCDEFGHJK",
    flow="NATIVE",
    notify_url="http://127.0.0.1:8000/webhooks/payments/sandbox",
)


@pytest.fixture
def provider() -> SandboxPayments:
    return SandboxPayments("http://127.0.0.1:8000", KeyRing.of(SECRET))


async def token_of(provider: SandboxPayments, charge: Charge = CHARGE) -> str:
    url = (await provider.start(charge)).code_url
    assert url is not None
    assert url.startswith("http://127.0.0.1:8000/sandbox/pay/")
    return url.rpartition("/")[2]


async def test_a_token_is_its_charge(provider: SandboxPayments) -> None:
    assert provider.charge_of(await token_of(provider)) == CHARGE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "A" + token[1:],
        lambda token: token.partition(".")[0],
        lambda token: "",
        lambda token: "." + token,
        lambda token: "订单.单",
    ],
)
async def test_a_spoilt_token_is_refused(provider: SandboxPayments, spoil) -> None:
    with pytest.raises(BadToken):
        provider.charge_of(spoil(await token_of(provider)))


async def test_a_token_of_another_shop_is_refused(provider: SandboxPayments) -> None:
    other = SandboxPayments("http://127.0.0.1:8000", KeyRing.of(SECRET[::-1]))
    with pytest.raises(BadToken):
        other.charge_of(await token_of(provider))


async def test_it_offers_native_alone(provider: SandboxPayments) -> None:
    with pytest.raises(GatewayError):
        await provider.start(replace(CHARGE, flow="JSAPI"))


async def test_a_page_whose_address_no_column_holds_is_refused(provider: SandboxPayments) -> None:
    with pytest.raises(GatewayError):
        await provider.start(replace(CHARGE, description="x" * 400))


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_notification_says_what_became_of_the_charge(
    provider: SandboxPayments, succeeded: bool
) -> None:
    body, headers = provider.notification_of(CHARGE, succeeded=succeeded, now=NOW)
    said = provider.verify(headers, body, NOW)
    assert said.succeeded is succeeded
    assert (said.reference, said.amount_minor, said.currency) == (CHARGE.reference, 1250, "CNY")
    assert len(said.provider_reference) <= 64


def test_a_charge_has_one_number_of_theirs(provider: SandboxPayments) -> None:
    told = [provider.notification_of(CHARGE, succeeded=True, now=NOW) for _ in range(2)]
    numbers = {provider.verify(headers, body, NOW).provider_reference for body, headers in told}
    assert len(numbers) == 1
    other = replace(CHARGE, reference="P" + "1" * 30)
    body, headers = provider.notification_of(other, succeeded=True, now=NOW)
    assert provider.verify(headers, body, NOW).provider_reference not in numbers


@pytest.mark.parametrize("header", [TIMESTAMP, NONCE, SIGNATURE])
@pytest.mark.parametrize("value", [None, "", "0", "订单"])
def test_a_forged_header_is_refused(
    provider: SandboxPayments, header: str, value: str | None
) -> None:
    body, headers = provider.notification_of(CHARGE, succeeded=True, now=NOW)
    headers.pop(header)
    if value is not None:
        headers[header] = value
    with pytest.raises(BadNotification):
        provider.verify(headers, body, NOW)


def test_a_forged_body_is_refused(provider: SandboxPayments) -> None:
    body, headers = provider.notification_of(CHARGE, succeeded=False, now=NOW)
    with pytest.raises(BadNotification):
        provider.verify(headers, body.replace(b"false", b"true"), NOW)


@pytest.mark.parametrize("seconds", [-MAX_AGE_SECONDS - 1, MAX_AGE_SECONDS + 1])
def test_an_old_notification_is_refused(provider: SandboxPayments, seconds: int) -> None:
    body, headers = provider.notification_of(CHARGE, succeeded=True, now=NOW)
    with pytest.raises(BadNotification):
        provider.verify(headers, body, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "body", [b"", b"5", b"{}", b"[1]", b'{"reference": "x"}', b"\xff", b"null"]
)
def test_signed_nonsense_is_refused(provider: SandboxPayments, body: bytes) -> None:
    with pytest.raises(BadNotification):
        provider.verify(provider.signed(body, NOW), body, NOW)


async def test_the_ledger_says_what_became_of_a_charge(tmp_path: Path) -> None:
    ledger = SandboxLedger(tmp_path / "folder" / "ledger.jsonl")
    provider = SandboxPayments("http://127.0.0.1:8000", KeyRing.of(SECRET), ledger)
    assert (await provider.query(CHARGE.reference)).status is ChargeStatus.PENDING
    assert provider.pay(CHARGE, NOW)
    assert provider.pay(CHARGE, NOW)
    another = SandboxPayments("http://127.0.0.1:8000", KeyRing.of(SECRET), ledger)
    state = await another.query(CHARGE.reference)
    assert state.status is ChargeStatus.SUCCEEDED
    assert state.said is not None
    assert state.said.amount_minor == CHARGE.amount_minor
    with pytest.raises(ChargePaid):
        await another.close(CHARGE.reference)
    today = datetime.now(TIMEZONE).date()
    rows = [row async for row in another.statement(today)]
    assert [(row.kind, row.reference, row.amount_minor) for row in rows] == [
        (StatementKind.CHARGE, CHARGE.reference, CHARGE.amount_minor)
    ]
    assert [row async for row in another.statement(today - timedelta(days=1))] == []


async def test_a_closed_or_expired_charge_is_not_paid(provider: SandboxPayments) -> None:
    await provider.close(CHARGE.reference)
    await provider.close(CHARGE.reference)
    assert not provider.pay(CHARGE, NOW)
    assert (await provider.query(CHARGE.reference)).status is ChargeStatus.CLOSED
    expired = replace(CHARGE, reference="P" + "1" * 30, expires_at=NOW)
    assert not provider.pay(expired, NOW)
    assert provider.pay(expired, NOW - timedelta(seconds=1))


async def test_a_refund_is_made_once(provider: SandboxPayments) -> None:
    order = RefundOrder(
        reference="R" + "0" * 30,
        charge_reference=CHARGE.reference,
        provider_reference="theirs",
        amount_minor=250,
        charged_minor=CHARGE.amount_minor,
        currency="CNY",
        reason="one line came back",
        notify_url=CHARGE.notify_url,
    )
    assert (await provider.query_refund(order)).outcome is RefundOutcome.UNKNOWN
    for _ in range(2):
        state = await provider.refund(order)
        assert (state.outcome, state.amount_minor) == (RefundOutcome.SUCCEEDED, 250)
    rows = [row async for row in provider.statement(datetime.now(TIMEZONE).date())]
    assert [(row.kind, row.amount_minor) for row in rows] == [(StatementKind.REFUND, 250)]
