"""Members of staff: creating them, and their grants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.accounts.organisations import Organisation
from models.accounts.password_rules import check_password
from models.accounts.passwords import hash_password
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.accounts.staff import Staff, StaffGrant
from models.bounds import GRANTS
from models.database import transaction
from models.errors import Duplicate, InvalidInput, Refusal
from resolvers.accounts.organisations.organisations import all_within_reach, unknown_node
from resolvers.accounts.sessions import still_signed_in
from resolvers.context import ActorKind, Context
from resolvers.permissions import confirmed, for_anyone, may, requires
from resolvers.validation import phone_of, text_of

USERNAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class GrantDraft:
    role: Role
    organisation_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDraft:
    username: str
    password: str
    name: str
    grants: Sequence[GrantDraft]
    phone: str | None = None


@requires(Permission.STAFF_WRITE)
@confirmed
async def create(ctx: Context, draft: StaffDraft) -> Staff:
    """Add a member of staff with roles that the creator holds in full at the same place.

    Raises: InvalidInput, NotFound for a node outside the caller's territory, Duplicate, ConfirmationRequired.
    """
    check(draft)
    check_password(draft.password, draft.username)
    password_hash = await hash_password(draft.password)
    return await transaction(add, ctx, draft, password_hash)


def check(draft: StaffDraft) -> None:
    """Check all but the password. Raises: InvalidInput."""
    if not USERNAME.fullmatch(draft.username):
        raise InvalidInput("A username has 2 to 64 letters, digits and . _ @ -", path=("username",))
    text_of(draft.name, "name", 100)
    if not draft.grants:
        raise InvalidInput("Give at least one role.", path=("grants",))


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Staff]:
    """Staff by ID. Everybody may know the name of the guide who served them."""
    return await Staff.filter(id__in=ids).in_bulk(ids, "id") if ids else {}


@for_anyone
async def grants_of(ctx: Context, staff_ids: Sequence[int]) -> dict[int, list[StaffGrant]]:
    """The grants of each, for the caller themself and for those who manage staff there."""
    grants: dict[int, list[StaffGrant]] = {staff_id: [] for staff_id in staff_ids}
    query = StaffGrant.filter(staff_id__in=staff_ids).order_by("id")
    for grant in await query.prefetch_related("organisation"):
        own = ctx.actor.kind is ActorKind.STAFF and ctx.actor.id == grant.staff_id
        if own or may(ctx, Permission.STAFF_WRITE, grant.organisation.path):
            grants[grant.staff_id].append(grant)
    return grants


async def add(
    ctx: Context,
    draft: StaffDraft,
    password_hash: str,
    nodes: Mapping[str, Organisation] | None = None,
) -> Staff:
    """Write a checked draft inside the caller's transaction.

    `nodes` are those that its grants name, as `nodes_of` finds them, where somebody has looked already.

    Raises: Duplicate, NotFound, InvalidInput.
    """
    await still_signed_in(ctx)
    GRANTS.check(len(draft.grants), "grants")
    if await Staff.filter(username=draft.username).exists():
        raise Duplicate(
            "The username {username} is taken.", path=("username",), username=draft.username
        )
    phone = None if draft.phone is None else phone_of(draft.phone, "phone")
    staff = await Staff.create(
        username=draft.username,
        name=draft.name.strip(),
        password_hash=password_hash,
        encrypted_phone=Staff.phone.encrypt(phone),
    )
    known = await nodes_of(ctx, draft.grants) if nodes is None else nodes
    granted: dict[tuple[Role, int], None] = {}
    for position, grant in enumerate(draft.grants):
        try:
            granted[grant.role, _node(ctx, grant, known).id] = None
        except Refusal as refusal:
            raise refusal.below("grants", position) from None
    await StaffGrant.bulk_create(
        [StaffGrant(staff_id=staff.id, role=role, organisation_id=at) for role, at in granted]
    )
    return staff


async def nodes_of(ctx: Context, grants: Iterable[GrantDraft]) -> dict[str, Organisation]:
    """The nodes that grants name where the caller manages staff, by code."""
    codes = [each.organisation_code for each in grants]
    return await all_within_reach(ctx, codes, Permission.STAFF_WRITE)


def _node(ctx: Context, grant: GrantDraft, nodes: Mapping[str, Organisation]) -> Organisation:
    """Raises: NotFound outside the caller's territory, InvalidInput for more than they may do there."""
    node = nodes.get(grant.organisation_code)
    if node is None:
        raise unknown_node(grant.organisation_code, "organisationCode")
    beyond = [each for each in ROLE_PERMISSIONS[grant.role] if not may(ctx, each, node.path)]
    if beyond:
        raise InvalidInput("You cannot grant more than you may do yourself.", path=("role",))
    return node
