"""What a use case may ask of a payment provider, as a Protocol and plain values.

Amounts are minor units. `reference` is our number for a charge, `provider_reference` the provider's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gateways.errors import GatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do.

    `flows`: the ways to pay, such as `NATIVE`. `refund_days`: how many days after the payment it still gives
    back, None without a limit. `maximum_minor`: the most that one charge collects, None without a limit.
    """

    flows: frozenset[str]
    partial_refunds: bool = True
    refund_days: int | None = None
    maximum_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a provider is asked to collect.

    `flow`: how it is paid. `channel`: the storefront's channel, which decides the app of the merchant.
    `expires_at`: the provider collects nothing from then on. `payer_id`: the provider's name for the payer
    (JSAPI). `payment_code`: what the payer's phone shows (PAYMENT_CODE). `client_address`: the payer's IP
    address (H5), or the till's (PAYMENT_CODE). `store_code`: the store whose till collects (PAYMENT_CODE).
    `return_url`: where the payer's browser goes afterwards (H5, PAGE).
    `profit_sharing`: keep the money until shares of it are paid out.
    """

    reference: str
    amount_minor: int
    currency: str
    description: str
    flow: str
    notify_url: str
    channel: str | None = None
    expires_at: datetime | None = None
    payer_id: str | None = None
    payment_code: str | None = None
    client_address: str | None = None
    store_code: str | None = None
    return_url: str | None = None
    profit_sharing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a provider says of a charge that has ended. `payer_id`: the provider's name for who paid."""

    reference: str
    provider_reference: str
    succeeded: bool
    amount_minor: int
    currency: str
    payer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCharge:
    """What the client needs to pay: a page or code to open, or parameters for the provider's SDK.

    `ended`: the outcome, where the provider knows it at once (PAYMENT_CODE).
    """

    code_url: str | None = None
    client_parameters: dict[str, str] = field(default_factory=dict)
    ended: Notification | None = None


class ChargeStatus(StrEnum):
    """UNKNOWN: the provider has never heard of the charge, so nobody has paid it."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeState:
    """How a charge stands at the provider; `said` where it has succeeded or failed."""

    status: ChargeStatus
    said: Notification | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Money to give back from one charge of `charged_minor`. `reference` is our number for the refund."""

    reference: str
    charge_reference: str
    provider_reference: str
    amount_minor: int
    charged_minor: int
    currency: str
    reason: str
    notify_url: str


class RefundOutcome(StrEnum):
    """FAILED: the provider will not give it back, however often it is asked. UNKNOWN: it was never asked."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundState:
    """How a refund stands at the provider. `failure`: why it failed, in the provider's words."""

    reference: str
    outcome: RefundOutcome
    amount_minor: int
    provider_reference: str | None = None
    failure: str | None = None


class StatementKind(StrEnum):
    CHARGE = "CHARGE"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One movement of money in the statement of a day; `reference` is ours, of the charge or the refund."""

    kind: StatementKind
    reference: str
    provider_reference: str
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The HTTP response by which a provider knows whether its notification was taken."""

    status: int
    media_type: str
    body: bytes


class ChargeRefused(GatewayError):
    """The provider has refused a charge for good: nothing is collected, and asking again changes nothing."""


class ChargePaid(GatewayError):
    """A charge cannot be closed, because it has been paid."""


class StatementNotReady(GatewayError):
    """The provider has not made the statement of that day yet."""


class BadNotification(Exception):
    """A notification that is forged, stale or unreadable."""


class UnreadableNotification(BadNotification):
    """A notification whose signature is good and whose content makes no sense."""


class PaymentGateway(Protocol):
    """A merchant's account at one payment provider. Never called inside a database transaction.

    Every method that asks the provider raises GatewayError when no sensible answer comes. Each is safe to
    repeat: a reference names the same charge or refund however often it is sent.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do."""

    async def start(self, charge: Charge) -> StartedCharge:
        """Ask the provider to collect a charge. Raises: ChargeRefused, GatewayError."""

    async def query(self, reference: str) -> ChargeState:
        """Return how a charge stands. Raises: GatewayError."""

    async def close(self, reference: str) -> None:
        """Make sure that a charge cannot be paid any more. Raises: ChargePaid, GatewayError."""

    async def refund(self, order: RefundOrder) -> RefundState:
        """Give money back, once for each reference. Raises: GatewayError."""

    async def query_refund(self, order: RefundOrder) -> RefundState:
        """Return how a refund stands. Raises: GatewayError."""

    def statement(self, day: date) -> AsyncIterator[StatementRow]:
        """Yield what moved on a day, by the provider's clock. Raises: StatementNotReady, GatewayError."""

    def verify(
        self, headers: dict[str, str], body: bytes, now: datetime
    ) -> Notification | RefundState:
        """Read a notification; `headers` by their names in small letters.

        Raises: BadNotification when it is not the provider's, or cannot be read.
        """

    def acknowledge(self, *, taken: bool) -> Acknowledgement | None:
        """Return the response to a notification that was taken, or that the provider is to send again.

        None where the provider looks at the HTTP status alone.
        """
