"""The doors outward: what use cases may ask of the world, as Protocols and plain values."""

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
    """A one-time code on its way to `phone` (E.164), which the customer wrote as `written`."""

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
        """Raises: GatewayError."""

    async def send_invitation(self, message: InvitationMessage) -> None:
        """Raises: GatewayError."""


class Bus(Protocol):
    """Tells every process that there may be new changes; only a hint, readers go by sequence."""

    def wake(self) -> None: ...

    async def wait(self, seconds: float) -> None:
        """Return at the next wake, or after `seconds`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """How often `whom` may do `what`: `times` within `seconds` of the first.

    With a `delay` it only slows down: after `times`, each further one has to wait twice as long as the one
    before, from `delay` up to `longest` seconds. `seconds` after the last one all are forgotten.
    `counts`: how many one attempt is.
    """

    what: str
    whom: str
    times: int
    seconds: int
    delay: int = 0
    longest: int = 0
    counts: int = 1


class RateLimits(Protocol):
    """Counters that are read and raised in one step, so that parallel attempts cannot pass together."""

    async def take(self, limits: Sequence[Limit]) -> int:
        """Count one in each limit. Return 0, or the seconds to wait when one has no room: none is counted."""

    async def give_back(self, limits: Sequence[Limit]) -> None:
        """Count one less in each limit."""

    async def forget(self, limits: Sequence[Limit]) -> None:
        """Begin each limit anew."""

    async def stop(self) -> None: ...

    @property
    def degraded(self) -> bool:
        """Whether each process counts by itself because what they share does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedChallenge:
    """Something that people solve more easily than programs do: a picture or a vendor's widget.

    The client sends back a token: for a picture `id.answer`, else what the widget gives.
    """

    provider: str
    id: str
    image_svg: str | None = None


class ChallengeGateway(Protocol):
    """A provider of challenges, asked for when somebody does something suspiciously often."""

    async def offer(self, now: datetime) -> OfferedChallenge:
        """Raises: GatewayError."""

    async def verify(self, token: str, remote_address: str, now: datetime) -> bool:
        """Whether the token proves a solved challenge that was not used before. Raises: GatewayError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a provider is asked to collect. `reference` is our number for it, `flow` how it is paid."""

    reference: str
    amount_minor: int
    currency: str
    description: str
    flow: str
    notify_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCharge:
    """What the client needs to pay: a page or code to open, or parameters for the provider's SDK."""

    code_url: str | None = None
    client_parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a provider says of a charge, once its signature has been verified."""

    reference: str
    provider_reference: str
    succeeded: bool
    amount_minor: int
    currency: str


class PaymentGateway(Protocol):
    """One payment provider. Never called inside a database transaction."""

    flows: frozenset[str]
    """The ways to pay that it offers, such as `NATIVE`."""

    async def start(self, charge: Charge) -> StartedCharge:
        """Raises: GatewayError when the provider does not take the charge."""

    async def refund(
        self, provider_reference: str, refund_reference: str, amount_minor: int
    ) -> None:
        """Give money back; the same `refund_reference` does it once. Raises: GatewayError."""

    def verify(self, headers: dict[str, str], body: bytes, now: datetime) -> Notification:
        """Read a notification. Raises: BadNotification when it is not the provider's."""


class Receiver(Protocol):
    """Somebody who is told of changes."""

    async def send(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Deliver a message; answers the status and the beginning of the answer. Raises: GatewayError."""


class WebhookGateway(Protocol):
    def fault(self, url: str) -> str | None:
        """What is wrong with an address, a message template; None when it may be tried."""

    def to(self, url: str) -> AbstractAsyncContextManager[Receiver]:
        """The receiver at an address. Raises: GatewayError for one that may not be delivered to."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a caller may spend: at most `capacity` at once, restored by `restore_rate` a second."""

    capacity: int
    restore_rate: int


class Balance(NamedTuple):
    """Whether an amount was taken, what is left, and after how many seconds there would be enough."""

    taken: bool
    available: int
    seconds: float = 0.0


class CostBuckets(Protocol):
    """Token buckets by the key of a caller; a bucket that nobody knows is full."""

    def take_now(self, key: str, amount: int, bucket: Bucket) -> int | None:
        """Take an amount where that needs no waiting: what is left, or None to ask `take`."""

    async def take(self, key: str, amount: int, bucket: Bucket) -> Balance:
        """Take all of an amount, or nothing."""

    def give_back(self, key: str, amount: int, bucket: Bucket) -> None:
        """Return what was taken and not spent."""

    async def stop(self) -> None:
        """Close what is open."""


class Traces(Protocol):
    """Carry a trace from what begins a piece of work to the process that does it later."""

    def traceparent(self) -> str | None:
        """The running span as a `traceparent` header; None where nothing is traced."""

    def span(self, name: str, traceparent: str | None) -> AbstractContextManager[None]:
        """Trace a piece of work, as a part of the trace that `traceparent` names, else as its own."""


class GatewayError(Exception):
    """The other side did not do what it was asked; whether it did is unknown until it is asked again."""


class GatewayTimeout(GatewayError):
    """The other side did not answer in time."""


class BadNotification(Exception):
    """A notification that is forged, stale or unreadable."""


class UnreadableNotification(BadNotification):
    """A notification whose signature is good and whose content makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """Every gateway of a process; `payments` by provider name (`"SANDBOX"`)."""

    sms: SmsGateway
    bus: Bus
    rate_limits: RateLimits
    webhooks: WebhookGateway
    persisted_queries: PersistedQueries
    cost_buckets: CostBuckets
    traces: Traces
    challenges: ChallengeGateway | None = None
    payments: dict[str, PaymentGateway] = field(default_factory=dict)
