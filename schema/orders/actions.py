"""What may be done with orders and fulfilments, as enums."""

from __future__ import annotations

from models.orders.routing import RefusalReason
from models.orders.states import FulfilmentAction, OrderAction
from schema.enums import described_enum

described_enum(
    OrderAction,
    "What may be done with an order.",
    PAY="Pay what is due.",
    CANCEL="Cancel it; what was paid goes back.",
)
described_enum(
    FulfilmentAction,
    "What may be done with a fulfilment.",
    ACCEPT="Accept it: the place will do it.",
    REJECT="Send it on to the next place that can.",
    READY="Say that it is packed.",
    SHIP="Say that it has left, with which carrier.",
    COMPLETE="Say that it was delivered or handed over.",
    COLLECT="Hand it over for its pickup code.",
    CANCEL="Call it off before anything of it has left, and give its money back.",
    RETURN="Take it in when it was shipped and could not be handed over, and give its money back.",
)
described_enum(
    RefusalReason,
    "Why a place was not chosen.",
    INACTIVE="The place is not active.",
    SERVICE_NOT_OFFERED="The place does not offer this way of fulfilment.",
    OUT_OF_RADIUS="The customer is farther away than the place delivers.",
    CLOSED="The place is closed and does not open in time.",
    ALREADY_REJECTED="The place has rejected this order before.",
    INSUFFICIENT_STOCK="The place has too few pieces.",
    NOT_NEEDED="Nearer places, or fewer of them, bring everything.",
)
