"""A payment provider that takes no money, for development and tests; it responds and notifies like a real
one.

It stores nothing. A charge is a signed token in the URL of its page. The user pays or fails on that page,
and the provider then sends the shop a signed notification. It runs in the shop's own process and passes the
notification directly; the shop verifies it as if it came over HTTP.

Source: the scheme of signed notifications (timestamp, nonce, signature over `timestamp.nonce.body`) is that
of WeChat Pay's API v3, with HMAC-SHA256 in place of RSA.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256

import orjson
import structlog

from gateways import BadNotification, Charge, GatewayError, Notification, StartedCharge
from gateways.notifications import read_notification
from models.keys.signing_keys import KeyRing

MAX_URL = 512
PAGE_PURPOSE, NOTIFICATION_PURPOSE = "sandbox payment page", "sandbox payment notification"
MAX_AGE_SECONDS = 300
TIMESTAMP_FORMAT = re.compile(r"[0-9]{1,12}", re.ASCII)
TIMESTAMP, NONCE, SIGNATURE = "sandbox-timestamp", "sandbox-nonce", "sandbox-signature"
log = structlog.get_logger(__name__)


class BadToken(Exception):
    """The token of a payment page is not signed by this server."""


class SandboxPayments:
    """A provider whose pages are at `<base_url>/sandbox/pay/<token>`."""

    flows = frozenset({"NATIVE"})

    def __init__(self, base_url: str, keys: KeyRing) -> None:
        self._pages = f"{base_url}/sandbox/pay/"
        self._keys = keys

    async def start(self, charge: Charge) -> StartedCharge:
        if charge.flow not in self.flows:
            raise GatewayError(f"the sandbox offers no {charge.flow}")
        url = self._pages + self._token(charge)
        if len(url) > MAX_URL:
            raise GatewayError("the address of the page is too long")
        return StartedCharge(code_url=url)

    async def refund(
        self, provider_reference: str, refund_reference: str, amount_minor: int
    ) -> None:
        """Log the refund; no money was taken."""
        log.info("sandbox refund", reference=refund_reference, amount_minor=amount_minor)

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
        return Charge(**orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))

    def notification_of(
        self, charge: Charge, *, succeeded: bool, now: datetime
    ) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the notification of a charge.

        The provider's number of a charge is the same however often it is paid.
        """
        transaction = sha256(f"{self._pages} {charge.reference}".encode()).hexdigest()[:48]
        body = orjson.dumps(
            asdict(
                Notification(
                    reference=charge.reference,
                    provider_reference=f"sandbox-{transaction}",
                    succeeded=succeeded,
                    amount_minor=charge.amount_minor,
                    currency=charge.currency,
                )
            )
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

    def _token(self, charge: Charge) -> str:
        text = urlsafe_b64encode(orjson.dumps(asdict(charge))).rstrip(b"=").decode()
        return f"{text}.{self._keys.sign(PAGE_PURPOSE, text)}"


def signed_text(timestamp: str, nonce: str, body: bytes) -> str:
    """Return the text that a notification's signature covers; Latin-1 keeps all bytes distinct."""
    return f"{timestamp}.{nonce}.{body.decode('latin-1')}"
