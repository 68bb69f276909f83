"""The token of a quote: what was promised to which caller for which input, signed by the server.

Nothing is stored: any process can verify a token, and the token says when it expires. It is signed, not
encrypted, because it holds only what the quote itself has returned.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from orjson import OPT_SORT_KEYS, dumps, loads

from models.errors import InvalidInput
from models.orders.quotes import Promise, PromisedFulfilment, PromisedLine
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders.checkout.request import CheckoutRequest

PURPOSE = "quote"
MOST_CHARACTERS = 32_000


@dataclass(frozen=True, slots=True)
class Quoted:
    """The content of a token; `bound` is the fingerprint of caller, storefront and input."""

    bound: str
    expires_at: datetime
    promise: Promise


def bound(ctx: Context, request: CheckoutRequest) -> str:
    """Return the fingerprint of an input of this caller, through this storefront."""
    caller = [ctx.actor.key, ctx.merchant_id, ctx.storefront_id, ctx.channel]
    return sha256(dumps([caller, request], default=str, option=OPT_SORT_KEYS)).hexdigest()[:32]


def issue(ctx: Context, request: CheckoutRequest, promise: Promise, expires_at: datetime) -> str:
    """Return the token of a promise to this caller; `expires_at` is in whole seconds."""
    content = [
        bound(ctx, request),
        int(expires_at.timestamp()),
        promise.member_id,
        promise.delivery_minor,
        [[x.variant_id, x.quantity, x.unit_minor, x.discount_minor] for x in promise.lines],
        [_packed(each) for each in promise.parcels],
    ]
    text = urlsafe_b64encode(zlib.compress(dumps(content))).rstrip(b"=").decode()
    return f"{text}.{ctx.settings.keys.sign(PURPOSE, text)}"


def read(ctx: Context, token: str) -> Quoted:
    """Return the content of a token. Raises: InvalidInput for a token that this server has not signed."""
    text, _, signature = token.partition(".")
    plausible = len(token) <= MOST_CHARACTERS and token.isascii()
    if not plausible or not ctx.settings.keys.verify(PURPOSE, text, signature):
        raise InvalidInput("This is no quote of this shop.", path=("quoteToken",))
    # The server has signed this content, so it is not hostile.
    packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    fingerprint, expires, member_id, delivery_minor, lines, fulfilments = loads(
        zlib.decompress(packed)
    )
    promise = Promise(
        member_id,
        [PromisedLine(*line) for line in lines],
        [_read_fulfilment(each) for each in fulfilments],
        delivery_minor,
    )
    return Quoted(fingerprint, datetime.fromtimestamp(expires, UTC), promise)


def _packed(fulfilment: PromisedFulfilment) -> list[Any]:
    return [
        str(fulfilment.method),
        fulfilment.location_id,
        fulfilment.fee_minor,
        [*fulfilment.pieces.items()],
        [*fulfilment.awaited.items()],
        fulfilment.awaits_until,
    ]


def _read_fulfilment(packed: list[Any]) -> PromisedFulfilment:
    method, location_id, fee_minor, quantities, awaited, until = packed
    return PromisedFulfilment(
        FulfilmentMethod(method),
        location_id,
        dict(quantities),
        fee_minor,
        dict(awaited),
        date.fromisoformat(until) if until else None,
    )
