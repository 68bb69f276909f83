"""The token of a quote: what was promised, to whom and for which input, signed by the server.

Nothing is stored: a quote is read by a query, any process verifies it, and it ends by its own clock. It is
signed, not encrypted: it says what the quote itself has said.
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
    """What a token says: `bound` tells caller, storefront and input from all others."""

    bound: str
    expires_at: datetime
    promise: Promise


def bound(ctx: Context, draft: CheckoutRequest) -> str:
    """The fingerprint of an input of this caller, through this storefront."""
    who = [ctx.actor.key, ctx.merchant_id, ctx.storefront_id, ctx.channel]
    return sha256(dumps([who, draft], default=str, option=OPT_SORT_KEYS)).hexdigest()[:32]


def issue(ctx: Context, draft: CheckoutRequest, promise: Promise, expires_at: datetime) -> str:
    """The token of a promise to this caller; `expires_at` is in whole seconds."""
    said = [
        bound(ctx, draft),
        int(expires_at.timestamp()),
        promise.member_id,
        promise.delivery_minor,
        [[x.variant_id, x.quantity, x.unit_minor, x.discount_minor] for x in promise.lines],
        [_parcel(each) for each in promise.parcels],
    ]
    text = urlsafe_b64encode(zlib.compress(dumps(said))).rstrip(b"=").decode()
    return f"{text}.{ctx.settings.keys.sign(PURPOSE, text)}"


def read(ctx: Context, token: str) -> Quoted:
    """Raises: InvalidInput for what this server has not signed."""
    text, _, signature = token.partition(".")
    plausible = len(token) <= MOST_CHARACTERS and token.isascii()
    if not plausible or not ctx.settings.keys.verify(PURPOSE, text, signature):
        raise InvalidInput("This is no quote of this shop.", path=("quoteToken",))
    # Signed by ourselves: from here on nothing of it is hostile.
    packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    mark, expires, member_id, delivery_minor, lines, parcels = loads(zlib.decompress(packed))
    promise = Promise(
        member_id,
        [PromisedLine(*line) for line in lines],
        [_read_parcel(each) for each in parcels],
        delivery_minor,
    )
    return Quoted(mark, datetime.fromtimestamp(expires, UTC), promise)


def _parcel(parcel: PromisedFulfilment) -> list[Any]:
    return [
        str(parcel.method),
        parcel.location_id,
        parcel.fee_minor,
        [*parcel.pieces.items()],
        [*parcel.awaited.items()],
        parcel.awaits_until,
    ]


def _read_parcel(said: list[Any]) -> PromisedFulfilment:
    method, location_id, fee_minor, pieces, awaited, until = said
    return PromisedFulfilment(
        FulfilmentMethod(method),
        location_id,
        dict(pieces),
        fee_minor,
        dict(awaited),
        date.fromisoformat(until) if until else None,
    )
