from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.accounts.channels import Channel
from models.accounts.organisations import Organisation as OrganisationRow
from models.accounts.organisations import OrganisationKind
from models.accounts.roles import Permission, Role, Scope
from models.accounts.staff import Staff as StaffRow
from models.accounts.staff import StaffGrant
from models.bounds import GRANTS
from resolvers.accounts.organisations import organisations
from resolvers.accounts.sign_in import second_factors
from resolvers.accounts.staff import invitations, staff
from resolvers.accounts.staff import lists as staff_lists
from resolvers.context import Context
from schema.batching import batched
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import After, AfterCode, First, SliceSize
from schema.nodes.nodes import Node, global_id
from schema.pagination import CountedConnection

if TYPE_CHECKING:
    from schema.accounts.invitation_types import StaffInvitation
    from schema.stores.types import Store, Warehouse

for kind in (Channel, OrganisationKind, Permission, Role, Scope):
    strawberry.enum(kind)


@strawberry.type(description="A node of the tree that roles are granted on.")
class Organisation(Node):
    id: strawberry.ID
    code: str
    name: str
    kind: OrganisationKind
    row: strawberry.Private[OrganisationRow]

    @batched
    @staticmethod
    async def parent(parents: list[Organisation], ctx: Context) -> list[Organisation | None]:
        """The node above; null for the platform, and for a region that you may not see."""
        ids = [each.row.parent_id for each in parents if each.row.parent_id]
        found = await organisations.visible_by_ids(ctx, ids)
        return [Organisation.optional(found.get(each.row.parent_id or 0)) for each in parents]

    @sized_by("first", otherwise=50)
    @batched
    @staticmethod
    async def children(
        parents: list[Organisation],
        ctx: Context,
        first: SliceSize = 50,
        after_code: AfterCode = None,
    ) -> list[list[Organisation]]:
        """The first nodes right below, by code."""
        ids = [each.row.id for each in parents]
        found = await organisations.children_of(ctx, ids, first, after_code)
        return [[Organisation.of(child) for child in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def active(parents: list[Organisation], ctx: Context) -> list[bool]:
        """Whether it is in use: a store or warehouse until it closes, everything else always."""
        found = await _places_of(parents, ctx)
        return [bool(place is None or place.row.active) for place in found]

    @batched
    @staticmethod
    async def store(
        parents: list[Organisation], ctx: Context
    ) -> list[Annotated[Store, strawberry.lazy("schema.stores.types")] | None]:
        """The store whose own node it is."""
        from schema.stores.types import Store

        found = await _places_of(parents, ctx)
        return [place if isinstance(place, Store) else None for place in found]

    @batched
    @staticmethod
    async def warehouse(
        parents: list[Organisation], ctx: Context
    ) -> list[Annotated[Warehouse, strawberry.lazy("schema.stores.types")] | None]:
        """The warehouse whose own node it is; null for those who do not work for its merchant."""
        from schema.stores.types import Warehouse

        found = await _places_of(parents, ctx)
        return [place if isinstance(place, Warehouse) else None for place in found]

    @batched
    @staticmethod
    async def staff(
        parents: list[Organisation], ctx: Context, first: First = 20, after: After = None
    ) -> list[CountedConnection[Staff]]:
        """The active staff with a role on this very node; nobody where you do not work."""
        from schema.accounts.node_staff import staff_of_nodes

        return await staff_of_nodes(ctx, [each.row.id for each in parents], first, after)

    @classmethod
    def of(cls, row: OrganisationRow) -> Organisation:
        return cls(
            id=global_id("Organisation", row.id),
            code=row.code,
            name=row.name,
            kind=row.kind,
            row=row,
        )

    @classmethod
    def optional(cls, row: OrganisationRow | None) -> Organisation | None:
        return cls.of(row) if row else None

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Organisation | None]:
        found = await organisations.visible_by_ids(ctx, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Organisation | None]:
        found = await organisations.by_ids(ctx, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]


@strawberry.type(description="A role, held on a node of the tree and on all below it.")
class Grant:
    role: Role
    organisation: Organisation

    @classmethod
    def of(cls, row: StaffGrant) -> Grant:
        return cls(role=row.role, organisation=Organisation.of(row.organisation))


@strawberry.type(
    description="Somebody who works here. Customers know those who served them by name, and no more."
)
class Staff(Node):
    id: strawberry.ID
    name: str
    row: strawberry.Private[StaffRow]

    @batched
    @staticmethod
    async def username(parents: list[Staff], ctx: Context) -> list[str | None]:
        """What they sign in with; null unless it is yourself or you manage them."""
        known = await staff_lists.known_in_full(ctx, [each.row.id for each in parents])
        return [each.row.username if each.row.id in known else None for each in parents]

    @batched
    @staticmethod
    async def active(parents: list[Staff], ctx: Context) -> list[bool | None]:
        """Whether they may sign in; null unless it is yourself or you manage them."""
        known = await staff_lists.known_in_full(ctx, [each.row.id for each in parents])
        return [each.row.active if each.row.id in known else None for each in parents]

    @batched
    @staticmethod
    async def phone(parents: list[Staff], ctx: Context) -> list[str | None]:
        """Their mobile number; null unless it is yourself or you manage them."""
        known = await staff_lists.known_in_full(ctx, [each.row.id for each in parents])
        return [each.row.phone if each.row.id in known else None for each in parents]

    @batched
    @staticmethod
    async def last_sign_in_at(parents: list[Staff], ctx: Context) -> list[datetime | None]:
        """When they last signed in; null unless it is yourself or you manage them."""
        known = await staff_lists.known_in_full(ctx, [each.row.id for each in parents])
        return [each.row.last_sign_in_at if each.row.id in known else None for each in parents]

    @batched
    @staticmethod
    async def store(
        parents: list[Staff], ctx: Context
    ) -> list[Annotated[Store, strawberry.lazy("schema.stores.types")] | None]:
        """The store at which they work; of several the one that they act at now."""
        from resolvers.stores import workplaces
        from schema.stores.types import Store

        found = await workplaces.of_staff(ctx, [each.row.id for each in parents])
        return await Store.load(ctx, [found.get(each.row.id, 0) for each in parents])

    @batched
    @staticmethod
    async def invitation(
        parents: list[Staff], ctx: Context
    ) -> list[
        Annotated[StaffInvitation, strawberry.lazy("schema.accounts.invitation_types")] | None
    ]:
        """The latest invitation to set a password; null unless there was one and you manage them."""
        from schema.accounts.invitation_types import StaffInvitation

        found = await invitations.latest_of(ctx, [each.row.id for each in parents])
        return [StaffInvitation.optional(found.get(each.row.id), ctx) for each in parents]

    @list_size(GRANTS)
    @batched
    @staticmethod
    async def grants(parents: list[Staff], ctx: Context) -> list[list[Grant]]:
        found = await staff.grants_of(ctx, [each.row.id for each in parents])
        return [[Grant.of(grant) for grant in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def second_factor(parents: list[Staff], ctx: Context) -> list[bool | None]:
        """Whether a second factor is on; null unless it is your own or you manage them."""
        return await second_factors.seen_of(ctx, [each.row for each in parents])

    @classmethod
    def of(cls, row: StaffRow) -> Staff:
        return cls(id=global_id("Staff", row.id), name=row.name, row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Staff | None]:
        found = await staff_lists.visible_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Staff | None]:
        found = await staff.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


async def _places_of(
    parents: Sequence[Organisation], ctx: Context
) -> list[Store | Warehouse | None]:
    from resolvers.stores import locations
    from schema.stores.types import StockLocation

    found = await locations.on_nodes(ctx, [each.row.id for each in parents])
    rows = [found.get(each.row.id) for each in parents]
    return [StockLocation.of(row) if row else None for row in rows]
