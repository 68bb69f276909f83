"""The exceptions by which a use case refuses or stops.

    QuintetError
    ├── Denial                     the caller may not ask this: a top-level GraphQL error
    │   ├── NotSignedIn            UNAUTHENTICATED
    │   ├── PermissionDenied       FORBIDDEN
    │   │   └── Forbidden          FORBIDDEN: visible to the caller, but not permitted
    │   └── RateLimited            RATE_LIMITED (retry_after_seconds)
    ├── Unavailable                UNAVAILABLE: the database is away, retry later: a top-level error
    │   └── StorageFull            STORAGE_FULL: nothing can be saved, reading continues
    ├── OperationStopped           stopped while it ran: a top-level GraphQL error without data
    │   ├── AnswerTooLarge         LIMIT_EXCEEDED
    │   └── DeadlineExceeded       DEADLINE_EXCEEDED
    └── Refusal                    refused by a rule: a `userErrors` entry
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

Messages are English templates with named placeholders (`"SKU {sku} is unknown."`). `schema/messages.py`
translates them, so a template is never built from data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

_SHOWN = 500


def _shown(part: object) -> object:
    """Return the value, shortened: a client's input is not sent back at full length."""
    return f"{part[:_SHOWN]}…" if isinstance(part, str) and len(part) > _SHOWN else part


class QuintetError(Exception):
    """The root; `template` is the English message and `parts` its values."""

    code: ClassVar[str]

    def __init__(self, template: str, **parts: object) -> None:
        super().__init__(template)
        self.template = template
        self.parts = {name: _shown(part) for name, part in parts.items()}

    def __str__(self) -> str:
        return self.template.format(**self.parts)


class Denial(QuintetError):
    """The caller may not make this request at all."""


class NotSignedIn(Denial):
    code = "UNAUTHENTICATED"

    def __init__(self, template: str = "Sign in first.", **parts: object) -> None:
        super().__init__(template, **parts)


class PermissionDenied(Denial):
    code = "FORBIDDEN"


class Forbidden(PermissionDenied):
    """The caller can see the object but may not change it; `path` leads to the input field."""

    def __init__(self, template: str, *, path: Sequence[str | int] = (), **parts: object) -> None:
        super().__init__(template, **parts)
        self.path = tuple(path)


class RateLimited(Denial):
    """Too many requests. The same request may be sent again after `retry_after_seconds`, if known."""

    code = "RATE_LIMITED"

    def __init__(self, template: str, *, retry_after_seconds: int | None = None, **parts: object):
        if retry_after_seconds is not None:
            parts["seconds"] = retry_after_seconds
        super().__init__(template, **parts)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(QuintetError):
    """The request is valid and nothing of it was done; it may be retried later."""

    code = "UNAVAILABLE"

    def __init__(
        self, template: str = "The shop cannot be reached right now. Try again in a moment."
    ) -> None:
        super().__init__(template)


class StorageFull(Unavailable):
    """Writing is impossible; reading continues."""

    code = "STORAGE_FULL"

    def __init__(
        self,
        template: str = "Nothing can be saved right now. Nothing was changed; try again later.",
    ) -> None:
        super().__init__(template)


class OperationStopped(QuintetError):
    """An operation that was stopped while it ran."""


class AnswerTooLarge(OperationStopped):
    code = "LIMIT_EXCEEDED"


class DeadlineExceeded(OperationStopped):
    code = "DEADLINE_EXCEEDED"


class Refusal(QuintetError):
    """A refusal by a rule; `path` leads to the input field, such as `("lines", 0, "quantity")`."""

    def __init__(self, template: str, *, path: Sequence[str | int] = (), **parts: object) -> None:
        super().__init__(template, **parts)
        self.path = tuple(path)

    def below(self, *prefix: str | int) -> Refusal:
        """Prefix the path, such as with a row's position in a batch, and return the refusal."""
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
    """The password is correct and a code of the second factor is missing."""

    code = "SECOND_FACTOR_REQUIRED"


class ConfirmationRequired(Refusal):
    """The session's last confirmation by password and second factor is too long ago."""

    code = "CONFIRMATION_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Confirm that it is you first: your sign-in is too long ago for this.")


class ChallengeRequired(Refusal):
    """The request needs the token of a solved challenge."""

    code = "CHALLENGE_REQUIRED"


class GatewayUnavailable(Refusal):
    """Another service that the request needs is unavailable; nothing was done."""

    code = "UNAVAILABLE"


class InsufficientStock(Refusal):
    """Fewer units than `requested` are in `state` (default: available)."""

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
    """The order would differ from what was quoted or expected.

    `quote` is the current quote, `changes` are the differences.
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
    """Several refusals, never none."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = tuple(refusals)
