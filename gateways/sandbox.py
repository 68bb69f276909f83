"""A payment provider that takes no money, for development and tests; it responds and notifies like a real
one.

A charge is a signed token in the URL of its page. The user pays or fails on that page, and the provider then
sends the shop a signed notification. It runs in the shop's own process and passes the notification directly;
the shop verifies it as if it came over HTTP. `SandboxLedger` records payments, closed charges and refunds.

Source: the scheme of signed notifications (timestamp, nonce, signature over `timestamp.nonce.body`) is that
of WeChat Pay's API v3, with HMAC-SHA256 in place of RSA.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Literal
from zoneinfo import ZoneInfo

import orjson

from gateways.notifications import read_notification
from gateways.payments import (
    BadNotification,
    Capabilities,
    Charge,
    ChargePaid,
    ChargeRefused,
    ChargeState,
    ChargeStatus,
    Notification,
    RefundOrder,
    RefundOutcome,
    RefundState,
    StartedCharge,
    StatementKind,
    StatementRow,
)
from gateways.sandbox_ledger import LedgerEvent, SandboxLedger
from models.keys.signing_keys import KeyRing

MAX_URL = 512
PAGE_PURPOSE, NOTIFICATION_PURPOSE = "sandbox payment page", "sandbox payment notification"
MAX_AGE_SECONDS = 300
TIMESTAMP_FORMAT = re.compile(r"[0-9]{1,12}", re.ASCII)
TIMESTAMP, NONCE, SIGNATURE = "sandbox-timestamp", "sandbox-nonce", "sandbox-signature"
TIMEZONE = ZoneInfo("Asia/Shanghai")
# What a page needs not say, and what is nobody's business.
LEFT_OUT = frozenset({"channel", "payer_id", "payment_code", "client_address", "store_code"})


class BadToken(Exception):
    """The token of a payment page is not signed by this server."""


class SandboxPayments:
    """A provider whose pages are at `<base_url>/sandbox/pay/<token>`."""

    capabilities = Capabilities(flows=frozenset({"NATIVE"}))

    def __init__(self, base_url: str, keys: KeyRing, ledger: SandboxLedger | None = None) -> None:
        self._pages = f"{base_url}/sandbox/pay/"
        self._keys = keys
        self._ledger = ledger or SandboxLedger()

    async def start(self, charge: Charge) -> StartedCharge:
        if charge.flow not in self.capabilities.flows:
            raise ChargeRefused(f"the sandbox offers no {charge.flow}")
        url = self._pages + self._token(charge)
        if len(url) > MAX_URL:
            raise ChargeRefused("the address of the page is too long")
        return StartedCharge(code_url=url)

    async def query(self, reference: str) -> ChargeState:
        events = {event.kind: event for event in self._ledger.of_charge(reference)}
        if paid := events.get("PAID"):
            said = self._said(paid.charge, paid.amount_minor, succeeded=True)
            return ChargeState(status=ChargeStatus.SUCCEEDED, said=said)
        return ChargeState(
            status=ChargeStatus.CLOSED if "CLOSED" in events else ChargeStatus.PENDING
        )

    async def close(self, reference: str) -> None:
        kinds = {event.kind for event in self._ledger.of_charge(reference)}
        if "PAID" in kinds:
            raise ChargePaid("the charge has been paid")
        if "CLOSED" not in kinds:
            self._write("CLOSED", reference, reference, 0)

    async def refund(self, order: RefundOrder) -> RefundState:
        """Record the refund, which succeeds at once because no money was taken."""
        if self._ledger.refund(order) is None:
            self._write("REFUNDED", order.reference, order.charge_reference, order.amount_minor)
        return await self.query_refund(order)

    async def query_refund(self, order: RefundOrder) -> RefundState:
        known = self._ledger.refund(order)
        return RefundState(
            reference=order.reference,
            outcome=RefundOutcome.SUCCEEDED if known else RefundOutcome.UNKNOWN,
            amount_minor=known.amount_minor if known else order.amount_minor,
        )

    async def statement(self, day: date) -> AsyncIterator[StatementRow]:
        for event in self._ledger.events():
            if event.kind != "CLOSED" and event.at.astimezone(TIMEZONE).date() == day:
                yield StatementRow(
                    kind=StatementKind.CHARGE if event.kind == "PAID" else StatementKind.REFUND,
                    reference=event.reference,
                    provider_reference=self._number(event.reference),
                    amount_minor=event.amount_minor,
                    currency="CNY",
                    at=event.at,
                )

    def acknowledge(self, *, taken: bool) -> None:
        """Return nothing: the sandbox reads the HTTP status."""

    def pay(self, charge: Charge, now: datetime) -> bool:
        """Record the payment of a charge, once. Return False for a closed or expired charge."""
        kinds = {event.kind for event in self._ledger.of_charge(charge.reference)}
        if "CLOSED" in kinds or (charge.expires_at is not None and now >= charge.expires_at):
            return False
        if "PAID" not in kinds:
            self._write("PAID", charge.reference, charge.reference, charge.amount_minor)
        return True

    def verify(self, headers: dict[str, str], body: bytes, now: datetime) -> Notification:
        """Verify and read a notification; `headers` have lower-case names."""
        timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
        signature = headers.get(SIGNATURE, "")
        text = signed_text(timestamp, nonce, body)
        if not self._keys.verify(NOTIFICATION_PURPOSE, text, signature):
            raise BadNotification("the signature is wrong")
        if not TIMESTAMP_FORMAT.fullmatch(timestamp):
            raise BadNotification("the timestamp is no number of seconds")
        if abs(now.timestamp() - int(timestamp)) > MAX_AGE_SECONDS:
            raise BadNotification("the notification is not of this moment")
        return read_notification(body)

    def charge_of(self, token: str) -> Charge:
        """Return the charge of a page's token. Raises: BadToken."""
        text, _, mark = token.partition(".")
        if not self._keys.verify(PAGE_PURPOSE, text, mark):
            raise BadToken("the token is not ours")
        said = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if expires := said.get("expires_at"):
            said["expires_at"] = datetime.fromisoformat(expires)
        return Charge(**said)

    def notification_of(
        self, charge: Charge, *, succeeded: bool, now: datetime
    ) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the notification of a charge.

        The provider's number of a charge is the same however often it is paid.
        """
        said = self._said(charge.reference, charge.amount_minor, succeeded=succeeded)
        body = orjson.dumps(
            {name: value for name, value in asdict(said).items() if value is not None}
        )
        return body, self.signed(body, now)

    def signed(self, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers that prove origin and time of a body."""
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        return {
            "content-type": "application/json",
            TIMESTAMP: timestamp,
            NONCE: nonce,
            SIGNATURE: self._keys.sign(NOTIFICATION_PURPOSE, signed_text(timestamp, nonce, body)),
        }

    def _said(self, reference: str, amount_minor: int, *, succeeded: bool) -> Notification:
        return Notification(
            reference=reference,
            provider_reference=self._number(reference),
            succeeded=succeeded,
            amount_minor=amount_minor,
            currency="CNY",
        )

    def _number(self, reference: str) -> str:
        return f"sandbox-{sha256(f'{self._pages} {reference}'.encode()).hexdigest()[:48]}"

    def _write(
        self, kind: Literal["PAID", "CLOSED", "REFUNDED"], ours: str, charge: str, amount_minor: int
    ) -> None:
        now = datetime.now(UTC)
        self._ledger.add(
            LedgerEvent(kind=kind, reference=ours, charge=charge, amount_minor=amount_minor, at=now)
        )

    def _token(self, charge: Charge) -> str:
        said = {
            name: value for name, value in asdict(charge).items() if value and name not in LEFT_OUT
        }
        text = urlsafe_b64encode(orjson.dumps(said)).rstrip(b"=").decode()
        return f"{text}.{self._keys.sign(PAGE_PURPOSE, text)}"


def signed_text(timestamp: str, nonce: str, body: bytes) -> str:
    """Return the text that a notification's signature covers; Latin-1 keeps all bytes distinct."""
    return f"{timestamp}.{nonce}.{body.decode('latin-1')}"
