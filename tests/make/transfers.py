"""Two places of a chain, somebody at each, and headquarters, for documents that move stock."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from models.accounts.organisations import Organisation
from models.accounts.roles import ROLE_PERMISSIONS, Role
from models.stock.documents.transfers import Transfer, TransferLine
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers.requests import TransferDraft
from tests.make.stock import a_level, a_location, again

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Chain:
    """`sender` and `receiver` run the two places, `hq` is a stock controller of the merchant."""

    ctx: Context
    source: Location
    destination: Location
    levels: list[StockLevel]
    sender: Context
    receiver: Context
    hq: Context

    def lines(self, *quantities: int) -> list[LineDraft]:
        return [
            LineDraft(level.variant_id, quantity)
            for level, quantity in zip(self.levels, quantities, strict=False)
        ]

    async def at_source(self, position: int = 0) -> StockLevel:
        return await again(self.levels[position])

    async def at_destination(self, position: int = 0) -> StockLevel:
        return await StockLevel.get(
            variant_id=self.levels[position].variant_id, location_id=self.destination.id
        )


async def a_chain(ctx: Context, *pieces: int) -> Chain:
    """A source with so many pieces of each variant, and an empty destination."""
    source, destination = await a_location(ctx), await a_location(ctx)
    levels = [await a_level(ctx, each, location=source) for each in pieces]
    return Chain(
        ctx,
        source,
        destination,
        levels,
        sender=await somebody(ctx, Role.MANAGER, source.organisation_id),
        receiver=await somebody(ctx, Role.MANAGER, destination.organisation_id),
        hq=await somebody(ctx, Role.STOCK_CONTROLLER, ctx.merchant_id or 0),
    )


async def somebody(ctx: Context, role: Role, organisation_id: int) -> Context:
    """A member of staff with a role on a node of the tree."""
    node = await Organisation.get(id=organisation_id)
    grant = GrantedNode(node.id, node.path, ROLE_PERMISSIONS[role])
    actor = Actor(ActorKind.STAFF, next(_numbers), (grant,))
    return replace(ctx, actor=actor, memory={})


def a_key() -> str:
    return f"transfers {next(_numbers)}"


async def requested(chain: Chain, *quantities: int) -> Transfer:
    draft = TransferDraft(
        source_id=chain.source.id,
        destination_id=chain.destination.id,
        lines=chain.lines(*quantities),
    )
    return await transfer_requests.request(chain.receiver, draft, a_key())


async def approved(chain: Chain, *quantities: int) -> Transfer:
    transfer = await requested(chain, *quantities)
    return await transfer_requests.approve(chain.hq, transfer.id, None, None)


async def shipped(chain: Chain, *quantities: int) -> Transfer:
    transfer = await approved(chain, *quantities)
    return await transfer_shipping.ship(chain.sender, transfer.id, None, a_key())


async def line_of(transfer: Transfer, position: int = 0) -> TransferLine:
    return (await TransferLine.filter(transfer_id=transfer.id).order_by("id"))[position]


async def on_the_road() -> int:
    return sum(line.in_transit for line in await TransferLine.all())


async def pieces_in_all() -> int:
    """Every piece that stands anywhere, and those on the road."""
    standing = sum(
        level.available + level.held + level.committed + level.damaged + level.quarantined
        for level in await StockLevel.all()
    )
    return standing + await on_the_road()
