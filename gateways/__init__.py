"""Protocols and values of external systems that use cases call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from gateways.persisted_queries import PersistedQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMessage:
    """A one-time code for `phone` (E.164), which the customer typed as `written`."""

    phone: str
    written: str
    code: str
    sent_at: datetime


class SmsGateway(Protocol):
    @property
    def delivers(self) -> bool:
        """Whether messages reach phones."""

    async def send_code(self, message: CodeMessage) -> None:
        """Send the code. Raises: GatewayError."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A request to a provider to collect money. `reference` is our number, `flow` the way to pay."""

    reference: str
    amount_minor: int
    currency: str
    description: str
    flow: str
    notify_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCharge:
    """What the client needs to pay: a URL or code to open, or parameters for the provider's SDK."""

    code_url: str | None = None
    client_parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A provider's notification of a charge, with a verified signature."""

    reference: str
    provider_reference: str
    succeeded: bool
    amount_minor: int
    currency: str


class PaymentGateway(Protocol):
    """One payment provider. Never call it inside a database transaction."""

    flows: frozenset[str]
    """The supported ways to pay, such as `NATIVE`."""

    async def start(self, charge: Charge) -> StartedCharge:
        """Start a charge. Raises: GatewayError when the provider rejects it."""

    async def refund(
        self, provider_reference: str, refund_reference: str, amount_minor: int
    ) -> None:
        """Refund money; repeating the same `refund_reference` refunds once. Raises: GatewayError."""

    def verify(self, headers: dict[str, str], body: bytes, now: datetime) -> Notification:
        """Verify and read a notification. Raises: BadNotification when it is not the provider's."""


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


class GatewayError(Exception):
    """The external system did not confirm the request, so its outcome is unknown."""


class GatewayTimeout(GatewayError):
    """The external system did not respond in time."""


class BadNotification(Exception):
    """A notification that is forged, stale or unreadable."""


class UnreadableNotification(BadNotification):
    """A notification with a valid signature and invalid content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """All gateways of a process; `payments` by provider name (`"SANDBOX"`)."""

    sms: SmsGateway
    bus: Bus
    rate_limits: RateLimits
    webhooks: WebhookGateway
    persisted_queries: PersistedQueries
    cost_buckets: CostBuckets
    traces: Traces
    challenges: ChallengeGateway | None = None
    payments: dict[str, PaymentGateway] = field(default_factory=dict)
