from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import strawberry

from models.errors import InvalidInput
from models.orders.contact_looks import ContactLook
from resolvers.context import Context
from resolvers.orders import contact_looks
from resolvers.orders.contact_looks import LookFilter
from schema.actors import Actor, actors
from schema.batching import batched
from schema.nodes.nodes import Node, document_of, global_id, optional_row_id, template_of
from schema.orders.types import Order

ACTORS = {"Staff": "STAFF", "ApiClient": "API_CLIENT"}


@strawberry.enum(description="What an entry of the audit log tells of.")
class AuditAction(StrEnum):
    CONTACT_LOOK = "CONTACT_LOOK"


@strawberry.type(
    description="Who did what, when: so far who saw contact or address of an order in full, once a day."
)
class AuditEntry(Node):
    id: strawberry.ID
    at: datetime = strawberry.field(description="When it was done last that day.")
    action: AuditAction = strawberry.field(description="What was done.")
    times: int = strawberry.field(description="In how many requests of that day.")
    row: strawberry.Private[ContactLook]

    @batched
    @staticmethod
    async def actor(parents: list[AuditEntry], ctx: Context) -> list[Actor | None]:
        """Who did it: a member of staff or a machine."""
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @batched
    @staticmethod
    async def subject(parents: list[AuditEntry], ctx: Context) -> list[Node | None]:
        """What it was done to; null where you may not see it."""
        ids = sorted({each.row.order_id for each in parents})
        found = dict(zip(ids, await Order.find(ctx, ids), strict=True))
        return [found[each.row.order_id] for each in parents]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[AuditEntry | None]:
        found = await contact_looks.by_ids(ctx, ids)
        return [cls.of(found[each]) if each in found else None for each in ids]

    @classmethod
    def of(cls, row: ContactLook) -> AuditEntry:
        return cls(
            id=global_id("AuditEntry", row.id),
            at=row.last_at,
            action=AuditAction.CONTACT_LOOK,
            times=row.looks,
            row=row,
        )


@strawberry.input(description="All that is given must hold.")
class AuditFilter:
    actor_id: strawberry.ID | None = strawberry.field(
        default=None, description="Done by this member of staff or machine."
    )
    subject_id: strawberry.ID | None = strawberry.field(
        default=None, description="Done to this order."
    )
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="Done last at this moment or later."
    )
    to: datetime | None = strawberry.field(
        default=None, description="Done last before this moment."
    )

    def wanted(self) -> LookFilter:
        """Raises: InvalidInput naming what is no ID."""
        return LookFilter(
            actor=None if self.actor_id is None else _actor(self.actor_id),
            order_id=optional_row_id(self.subject_id, "Order", path=("filter", "subjectId")),
            since=self.from_,
            until=self.to,
        )


def _actor(text: str) -> tuple[str, int]:
    path = ("filter", "actorId")
    kind, row = document_of(text, *path)
    if kind not in ACTORS:
        raise InvalidInput(template_of(list(ACTORS)), path=path, kind=" or ".join(ACTORS))
    return ACTORS[kind], row
