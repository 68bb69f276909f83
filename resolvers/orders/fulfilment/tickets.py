"""The ticket that a store's printer prints by itself: queued with the routing, acknowledged once printed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from models.accounts.roles import Permission
from models.database import transaction
from models.deferred_writes import insert_later
from models.errors import NotFound
from models.orders.fulfilments import PrintTicket
from models.orders.orders import Order
from models.orders.states import FulfilmentMethod, FulfilmentStatus, TicketStatus
from models.orders.tickets import TicketContent, TicketLine, escpos, ticket_text
from resolvers.context import Context
from resolvers.orders.fulfilment.snapshot import FulfilmentSnapshot
from resolvers.permissions import for_anyone, requires, scoped

# Tickets are Chinese, as the printers of the stores and those who read them are.
METHOD_LABELS = {
    FulfilmentMethod.CARRY_OUT: "现场提货",
    FulfilmentMethod.CASHIER_COLLECT: "收银台取货",
    FulfilmentMethod.STORE_PICKUP: "到店自提",
    FulfilmentMethod.STORE_DELIVERY: "门店配送",
    FulfilmentMethod.EXPRESS: "快递发货",
}

_QUEUED = (
    *("fulfilment_id", "location_id", "status", "encrypted_text", "encrypted_escpos"),
    "created_at",
)


async def queue(ctx: Context, order: Order, parts: Sequence[FulfilmentSnapshot]) -> None:
    """Queue the ticket of each part, in the running transaction."""
    contents = [(part, _content(order, part)) for part in parts]
    rows = [
        (
            part.id,
            part.location_id,
            str(TicketStatus.QUEUED),
            PrintTicket.text.encrypt(ticket_text(content)),
            PrintTicket.escpos.encrypt(b64encode(escpos(content)).decode()),
            ctx.now(),
        )
        for part, content in contents
    ]
    await insert_later("print_ticket", _QUEUED, rows)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, PrintTicket]:
    """The tickets with these IDs at the locations where the caller may read them."""
    query = PrintTicket.filter(id__in=set(ids))
    query = scoped(query, ctx, Permission.FULFILMENT_READ, "location__organisation")
    return {ticket.id: ticket for ticket in await query}


@for_anyone
async def of_fulfilments(ctx: Context, fulfilment_ids: Sequence[int]) -> dict[int, PrintTicket]:
    """Tickets by fulfilment, of those locations where the caller may read them."""
    query = PrintTicket.filter(fulfilment_id__in=set(fulfilment_ids))
    query = scoped(query, ctx, Permission.FULFILMENT_READ, "location__organisation")
    return {ticket.fulfilment_id: ticket for ticket in await query}


async def waiting_at(ctx: Context, location_id: int) -> list[int]:
    """The fulfilments that are still a location's work and whose ticket nobody has printed."""
    tickets = PrintTicket.filter(
        location_id=location_id,
        status=TicketStatus.QUEUED,
        fulfilment__status__in=(
            FulfilmentStatus.OPEN,
            FulfilmentStatus.ACCEPTED,
            FulfilmentStatus.READY,
        ),
    )
    return [ticket.fulfilment_id for ticket in await tickets.only("fulfilment_id")]


@requires(Permission.FULFILMENT_WRITE)
async def acknowledge(ctx: Context, ticket_id: int) -> PrintTicket:
    """The printer says that it has printed a ticket; saying so again changes nothing.

    Raises: NotFound outside the caller's territory.
    """
    return await transaction(_acknowledge, ctx, ticket_id)


async def _acknowledge(ctx: Context, ticket_id: int) -> PrintTicket:
    reachable = scoped(
        PrintTicket.filter(id=ticket_id),
        ctx,
        Permission.FULFILMENT_WRITE,
        "location__organisation",
    )
    if not await reachable.exists():
        raise NotFound("There is no such ticket.", path=("ticketId",))
    await PrintTicket.filter(id=ticket_id, status=TicketStatus.QUEUED).update(
        status=TicketStatus.PRINTED, printed_at=ctx.now()
    )
    return await PrintTicket.get(id=ticket_id)


def _content(order: Order, part: FulfilmentSnapshot) -> TicketContent:
    address = order.address or {}
    delivered = not part.method.in_person
    placed_at = order.created_at.astimezone(ZoneInfo(part.timezone))
    return TicketContent(
        store_name=part.location_name,
        fulfilment_number=part.number,
        order_number=order.number,
        method_label=METHOD_LABELS[part.method],
        lines=tuple(TicketLine(each.name, each.sku, each.quantity) for each in part.lines),
        paid_minor=order.payable_minor,
        placed_at=f"{placed_at:%Y-%m-%d %H:%M}",
        recipient=str(address.get("recipient") or "") if delivered else "",
        phone=_masked(str(address.get("phone") or "")) if delivered else "",
        address=_address(address) if delivered else "",
        remark=order.remark or "",
    )


def _masked(phone: str) -> str:
    """`138****8000`: enough to tell two customers apart, too little to call one."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) > 8 else "*" * len(phone)


def _address(address: dict[str, Any]) -> str:
    parts = ("province", "city", "district", "street")
    return "".join(str(address.get(part) or "") for part in parts)
