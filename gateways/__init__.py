"""Protocols and values of external systems that use cases call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gateways.errors import GatewayError, GatewayTimeout
from gateways.payments import PaymentGateway

if TYPE_CHECKING:
    from gateways.http import ProviderHttp
    from gateways.persisted_queries import PersistedQueries
    from gateways.wechat_pay.shipping import ShippingGateway

__all__ = ["GatewayError", "GatewayTimeout", "PaymentGateway"]  # handed on


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMessage:
    """A one-time code for `phone` (E.164), which the customer typed as `written`."""

    phone: str
    written: str
    code: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMessage:
    """An invitation of staff on its way to `phone` (E.164): a token, or the page that takes it."""

    phone: str
    token: str
    url: str
    expires_at: datetime
    sent_at: datetime


class SmsGateway(Protocol):
    @property
    def delivers(self) -> bool:
        """Whether messages reach phones."""

    async def send_code(self, message: CodeMessage) -> None:
        """Send the code. Raises: GatewayError."""

    async def send_invitation(self, message: InvitationMessage) -> None:
        """Send the invitation. Raises: GatewayError."""


class Bus(Protocol):
    """Notifies every process that there may be new changes; readers still read by sequence."""

    def wake(self) -> None: ...

    async def wait(self, seconds: float) -> None:
        """Return at the next wake, or after `seconds`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """How often `whom` may do `what`: `times` within `seconds` of the first attempt.

    With a `delay` the limit only slows down: after `times`, each further attempt waits twice as long as the
    previous one, from `delay` up to `longest` seconds. All attempts are forgotten `seconds` after the last
    one. `counts` is the weight of one attempt.
    """

    what: str
    whom: str
    times: int
    seconds: int
    delay: int = 0
    longest: int = 0
    counts: int = 1


class RateLimits(Protocol):
    """Counters that are checked and incremented in one step, so that parallel attempts are all counted."""

    async def take(self, limits: Sequence[Limit]) -> int:
        """Count an attempt in every limit and return 0, or in none and return the seconds to wait."""

    async def give_back(self, limits: Sequence[Limit]) -> None:
        """Uncount an attempt in each limit."""

    async def forget(self, limits: Sequence[Limit]) -> None:
        """Reset each limit."""

    async def stop(self) -> None: ...

    @property
    def degraded(self) -> bool:
        """Whether each process counts by itself because the shared store does not respond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedChallenge:
    """A task that people solve more easily than programs: a picture or a vendor's widget.

    The client sends back a token: for a picture `id.answer`, otherwise the widget's result.
    """

    provider: str
    id: str
    image_svg: str | None = None


class ChallengeGateway(Protocol):
    """A provider of challenges for clients that act suspiciously often."""

    async def offer(self, now: datetime) -> OfferedChallenge:
        """Return a new challenge. Raises: GatewayError."""

    async def verify(self, token: str, remote_address: str, now: datetime) -> bool:
        """Return whether the token proves a solved, unused challenge. Raises: GatewayError."""


class Receiver(Protocol):
    """A receiver of webhook messages."""

    async def send(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Deliver a message; return the status and the beginning of the body. Raises: GatewayError."""


class WebhookGateway(Protocol):
    def fault(self, url: str) -> str | None:
        """Return what is wrong with a URL as a message template; None when it may be called."""

    def to(self, url: str) -> AbstractAsyncContextManager[Receiver]:
        """Open the receiver at a URL. Raises: GatewayError when it may not be called."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The budget of a caller: at most `capacity` at once, restored by `restore_rate` a second."""

    capacity: int
    restore_rate: int


class Balance(NamedTuple):
    """Whether an amount was taken, the amount left, and the seconds until there would be enough."""

    taken: bool
    available: int
    seconds: float = 0.0


class CostBuckets(Protocol):
    """Token buckets by the key of a caller; an unknown bucket is full."""

    def take_now(self, key: str, amount: int, bucket: Bucket) -> int | None:
        """Take an amount without waiting and return what is left, or return None if `take` is needed."""

    async def take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        """Take the whole amount or nothing."""

    def give_back(self, key: str, amount: int, bucket: Bucket) -> None:
        """Return an amount that was taken and not spent."""

    async def stop(self) -> None:
        """Close open connections."""


class Traces(Protocol):
    """Carries a trace from the process that schedules work to the process that does it later."""

    def traceparent(self) -> str | None:
        """Return the running span as a `traceparent` header; None without traces."""

    def span(self, name: str, traceparent: str | None) -> AbstractContextManager[None]:
        """Trace work as a span of the trace that `traceparent` names, or as its own trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """Every gateway of a process.

    `payments`: accounts at payment providers that serve every merchant, by provider name (`"SANDBOX"`).
    `merchant_payments`: accounts of one merchant, by the merchant's code and the provider's name.
    `shipping`: where a merchant says what it has shipped, by the merchant's code.
    `provider_http`: the connections of the accounts, for the process to close when it ends.
    """

    sms: SmsGateway
    bus: Bus
    rate_limits: RateLimits
    webhooks: WebhookGateway
    persisted_queries: PersistedQueries
    cost_buckets: CostBuckets
    traces: Traces
    challenges: ChallengeGateway | None = None
    payments: dict[str, PaymentGateway] = field(default_factory=dict)
    merchant_payments: dict[tuple[str, str], PaymentGateway] = field(default_factory=dict)
    shipping: dict[str, ShippingGateway] = field(default_factory=dict)
    provider_http: ProviderHttp | None = None

    async def close_providers(self) -> None:
        """Close the connections to the providers of payment accounts."""
        if self.provider_http is not None:
            await self.provider_http.close()

    def payment(self, merchant_code: str, provider: str) -> PaymentGateway | None:
        """Return a merchant's account at a provider: its own, else the one for every merchant."""
        return self.merchant_payments.get((merchant_code, provider)) or self.payments.get(provider)
