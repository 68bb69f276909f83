"""Members, guides and links for tests, made through the use cases."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime

from models.accounts.channels import Channel
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import ROLE_PERMISSIONS, Role
from models.accounts.staff import Staff, StaffGrant
from models.database import transaction
from models.members.members import Member
from models.referrals.rules import ShareTarget
from models.referrals.share_links import ShareLink
from models.stores.locations import Location, LocationKind
from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.members import registration
from resolvers.referrals import binding
from resolvers.referrals.tokens import sharer_of

_numbers = itertools.count(1)


def phone() -> str:
    """A mainland number that no other test member has."""
    return f"+86138{next(_numbers):08d}"


async def member(ctx: Context, name: str | None = None) -> Member:
    found, _ = await transaction(registration.find_or_create, ctx, phone(), name)
    return found


async def chain(ctx: Context, length: int) -> list[Member]:
    """Members each below the one before, the root first."""
    members = [await member(ctx) for _ in range(length)]
    for upper, lower in itertools.pairwise(members):
        await bind(ctx, lower, upper.referral_token)
    return members


async def bind(ctx: Context, lower: Member, token: str) -> Member:
    return await binding.bind_by_token(as_member(ctx, lower), token)


async def store(ctx: Context, parent: Organisation | None = None) -> Location:
    merchant = parent or await Organisation.get(id=ctx.merchant_id)
    code = f"S{next(_numbers)}"
    node = await create_below(
        merchant, OrganisationDraft(code=code, name=code, kind=OrganisationKind.STORE)
    )
    return await Location.create(
        merchant_id=merchant.merchant_key,
        organisation_id=node.id,
        kind=LocationKind.STORE,
        code=code,
        name=f"Store {code}",
    )


async def staff(organisation_id: int, role: Role) -> Staff:
    number = next(_numbers)
    made = await Staff.create(username=f"staff{number}", name=f"Staff {number}", password_hash="-")
    await grant(made, organisation_id, role)
    return made


async def grant(person: Staff, organisation_id: int, role: Role) -> None:
    await StaffGrant.create(staff_id=person.id, role=role, organisation_id=organisation_id)


async def link(ctx: Context, sharer: Staff, place: Location | None) -> ShareLink:
    return await ShareLink.create(
        merchant_id=ctx.merchant_id,
        token=f"s{next(_numbers)}",
        target=ShareTarget.REGISTRATION,
        staff_id=sharer.id,
        store_id=place.id if place else None,
    )


async def enter_through(ctx: Context, lower: Member, token: str, *, is_new: bool = True) -> Member:
    """Bind as a sign-in does."""
    sharer = await sharer_of(ctx.merchant_id, token)
    assert sharer is not None

    async def work() -> Member:
        return await binding.bind(ctx, lower, sharer, is_new=is_new)

    return await transaction(work)


def as_member(ctx: Context, member: Member, channel: Channel = Channel.APP) -> Context:
    return replace(ctx, actor=Actor(ActorKind.MEMBER, member.id), channel=channel, memory={})


async def as_staff(ctx: Context, person: Staff) -> Context:
    grants = await StaffGrant.filter(staff_id=person.id).prefetch_related("organisation")
    nodes = tuple(
        GrantedNode(
            each.organisation_id, each.organisation.path, ROLE_PERMISSIONS[each.role], each.role
        )
        for each in grants
    )
    actor = Actor(ActorKind.STAFF, person.id, nodes, confirmed_at=ctx.now())
    return replace(ctx, actor=actor, memory={})


def at(ctx: Context, moment: datetime) -> Context:
    return replace(ctx, clock=lambda: moment, memory={})
