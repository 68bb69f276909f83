"""What a use case may answer instead of doing what it was asked.

    QuintetError
    ├── Denial                     the caller may not ask this: a top-level GraphQL error
    │   ├── NotSignedIn            UNAUTHENTICATED
    │   ├── PermissionDenied       FORBIDDEN
    │   │   └── Forbidden          FORBIDDEN: seen, but not theirs to do
    │   └── RateLimited            RATE_LIMITED (retry_after_seconds)
    ├── Unavailable                UNAVAILABLE: the database is away, ask again: a top-level error
    │   └── StorageFull            STORAGE_FULL: nothing can be saved, reading goes on
    ├── OperationStopped           while it was read for: a top-level GraphQL error, and no data
    │   ├── AnswerTooLarge         LIMIT_EXCEEDED
    │   └── DeadlineExceeded       DEADLINE_EXCEEDED
    └── Refusal                    a domain answer: a `userErrors` entry
        ├── InvalidInput           INVALID
        ├── NotFound               NOT_FOUND
        ├── StateConflict          STATE_CONFLICT (state, allowed)
        ├── StaleVersion           STALE_VERSION
        ├── Duplicate              DUPLICATE
        ├── LimitExceeded          LIMIT_EXCEEDED
        ├── Expired                EXPIRED
        ├── SecondFactorRequired   SECOND_FACTOR_REQUIRED
        ├── ConfirmationRequired   CONFIRMATION_REQUIRED
        ├── ChallengeRequired      CHALLENGE_REQUIRED
        ├── GatewayUnavailable     UNAVAILABLE
        ├── InsufficientStock      INSUFFICIENT_STOCK (variant_id, requested, available)
        ├── IdempotencyKeyReused   IDEMPOTENCY_KEY_REUSED
        ├── PaymentFailed          PAYMENT_FAILED
        ├── InsufficientBalance    INSUFFICIENT_BALANCE
        ├── QuoteChanged           QUOTE_CHANGED (expected_minor, quote, changes)
        ├── ReferralCycle          REFERRAL_CYCLE
        ├── ReferralLocked         REFERRAL_LOCKED
        └── OutOfRange             OUT_OF_RANGE
    Refusals                       several of them at once

Messages are English templates with named parts (`"SKU {sku} is unknown."`); `schema/messages.py`
translates them, so a template is never built from data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

_SHOWN = 500


def _shown(part: object) -> object:
    """What somebody sent is not sent back at any length."""
    return f"{part[:_SHOWN]}…" if isinstance(part, str) and len(part) > _SHOWN else part


class QuintetError(Exception):
    """The root: `template` is the English message, `parts` fill it."""

    code: ClassVar[str]

    def __init__(self, template: str, **parts: object) -> None:
        super().__init__(template)
        self.template = template
        self.parts = {name: _shown(part) for name, part in parts.items()}

    def __str__(self) -> str:
        return self.template.format(**self.parts)


class Denial(QuintetError):
    """The caller may not ask this at all."""


class NotSignedIn(Denial):
    code = "UNAUTHENTICATED"

    def __init__(self, template: str = "Sign in first.", **parts: object) -> None:
        super().__init__(template, **parts)


class PermissionDenied(Denial):
    code = "FORBIDDEN"


class Forbidden(PermissionDenied):
    """What the caller sees, and may not do; `path` leads to the input field that asks for it."""

    def __init__(self, template: str, *, path: Sequence[str | int] = (), **parts: object) -> None:
        super().__init__(template, **parts)
        self.path = tuple(path)


class RateLimited(Denial):
    """Too often. The same may be asked again after `retry_after_seconds`, where that is known."""

    code = "RATE_LIMITED"

    def __init__(self, template: str, *, retry_after_seconds: int | None = None, **parts: object):
        if retry_after_seconds is not None:
            parts["seconds"] = retry_after_seconds
        super().__init__(template, **parts)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(QuintetError):
    """Nothing is wrong with what was asked, and nothing of it was done; it may be asked again later."""

    code = "UNAVAILABLE"

    def __init__(
        self, template: str = "The shop cannot be reached right now. Try again in a moment."
    ) -> None:
        super().__init__(template)


class StorageFull(Unavailable):
    """Writing is impossible while reading goes on."""

    code = "STORAGE_FULL"

    def __init__(
        self,
        template: str = "Nothing can be saved right now. Nothing was changed; try again later.",
    ) -> None:
        super().__init__(template)


class OperationStopped(QuintetError):
    """An operation that was ended while it ran."""


class AnswerTooLarge(OperationStopped):
    code = "LIMIT_EXCEEDED"


class DeadlineExceeded(OperationStopped):
    code = "DEADLINE_EXCEEDED"


class Refusal(QuintetError):
    """A domain answer; `path` leads to the input field at fault, such as `("lines", 0, "quantity")`."""

    def __init__(self, template: str, *, path: Sequence[str | int] = (), **parts: object) -> None:
        super().__init__(template, **parts)
        self.path = tuple(path)

    def below(self, *prefix: str | int) -> Refusal:
        """The same refusal, its path prefixed: a row of a batch names its place in the batch."""
        self.path = (*prefix, *self.path)
        return self


class InvalidInput(Refusal):
    code = "INVALID"


class NotFound(Refusal):
    code = "NOT_FOUND"


class StateConflict(Refusal):
    code = "STATE_CONFLICT"

    def __init__(
        self,
        template: str,
        *,
        state: str,
        allowed: Sequence[str] = (),
        path: Sequence[str | int] = (),
        **parts: object,
    ) -> None:
        super().__init__(template, path=path, state=state, **parts)
        self.state = state
        self.allowed = tuple(allowed)


class StaleVersion(Refusal):
    code = "STALE_VERSION"


class Duplicate(Refusal):
    code = "DUPLICATE"


class LimitExceeded(Refusal):
    code = "LIMIT_EXCEEDED"


class Expired(Refusal):
    code = "EXPIRED"


class SecondFactorRequired(Refusal):
    """The password is right, and a code of the second factor is missing."""

    code = "SECOND_FACTOR_REQUIRED"


class ConfirmationRequired(Refusal):
    """Show password and second factor again first: the session did so too long ago."""

    code = "CONFIRMATION_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Confirm that it is you first: your sign-in is too long ago for this.")


class ChallengeRequired(Refusal):
    """Solve a challenge first, and send its token with the same request."""

    code = "CHALLENGE_REQUIRED"


class GatewayUnavailable(Refusal):
    """What this needs of another service is not to be had: nothing was done."""

    code = "UNAVAILABLE"


class InsufficientStock(Refusal):
    """Fewer pieces than `requested` are in `state`, which is that of those for sale unless told."""

    code = "INSUFFICIENT_STOCK"

    def __init__(
        self,
        variant_id: int,
        *,
        requested: int,
        available: int,
        state: str = "AVAILABLE",
        path: Sequence[str | int] = (),
    ) -> None:
        message = "Only {available} of the {requested} asked for are available."
        if state != "AVAILABLE":
            message = "Only {available} of the {requested} asked for are {state}."
        super().__init__(message, path=path, requested=requested, available=available, state=state)
        self.variant_id = variant_id
        self.requested = requested
        self.available = available


class IdempotencyKeyReused(Refusal):
    code = "IDEMPOTENCY_KEY_REUSED"


class PaymentFailed(Refusal):
    code = "PAYMENT_FAILED"


class InsufficientBalance(Refusal):
    code = "INSUFFICIENT_BALANCE"


class QuoteChanged(Refusal):
    """An order would not be what was quoted or expected.

    `quote` is what holds now, `changes` say what is different.
    """

    code = "QUOTE_CHANGED"

    def __init__(
        self,
        template: str,
        *,
        expected_minor: int,
        quote: object,
        changes: Sequence[object],
        path: Sequence[str | int],
    ) -> None:
        super().__init__(template, path=path)
        self.expected_minor = expected_minor
        self.quote = quote
        self.changes = tuple(changes)


class ReferralCycle(Refusal):
    code = "REFERRAL_CYCLE"


class ReferralLocked(Refusal):
    code = "REFERRAL_LOCKED"


class OutOfRange(Refusal):
    code = "OUT_OF_RANGE"


class Refusals(Exception):
    """Several refusals answered together; never empty."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = tuple(refusals)
