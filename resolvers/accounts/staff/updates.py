"""Changing members of staff: name, password, whether they are active, and what they are granted.

What takes rights away ends the sessions of that person in the same transaction. The last active
administrator of a merchant or of the platform who can sign in cannot be taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.password_rules import check_password
from models.accounts.passwords import NO_PASSWORD, hash_password
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.accounts.sessions import SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.bounds import GRANTS
from models.database import transaction
from models.errors import Forbidden, InvalidInput, NotFound, Refusal, StateConflict
from resolvers.accounts import sessions
from resolvers.accounts.organisations.organisations import unknown_node
from resolvers.accounts.staff import invitations
from resolvers.accounts.staff.rank import manages, outranks
from resolvers.accounts.staff.staff import GrantDraft, nodes_of
from resolvers.bulk_rows import KEEP, Unset, lock_node
from resolvers.context import ActorKind, Context
from resolvers.permissions import confirmed, may, requires
from resolvers.validation import line_of, phone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChange:
    """What is None stays as it is, and a phone that is KEEP; one that is None is taken away.

    `grants` replace those in the caller's territory.
    """

    staff_id: int
    name: str | None = None
    password: str | None = None
    active: bool | None = None
    grants: Sequence[GrantDraft] | None = None
    phone: str | Unset | None = KEEP


class _Held(NamedTuple):
    role: Role
    organisation_id: int


@requires(Permission.STAFF_WRITE)
@confirmed
async def update(ctx: Context, change: StaffChange) -> Staff:
    """Change a member of staff. A new password, another state and other grants end their sessions.

    Raises: NotFound for somebody without a role in the caller's territory, InvalidInput, Forbidden for
    somebody who may do more than the caller, StateConflict for the last administrator,
    ConfirmationRequired, Expired where the caller loses their own access meanwhile.
    """
    GRANTS.check(len(change.grants or ()), "grants")
    staff = await _managed(ctx, change.staff_id)
    password_hash = None
    if change.password is not None:
        if _is_caller(ctx, staff):
            raise InvalidInput(
                "Change your own password by passwordChange, which asks for the old one.",
                path=("password",),
            )
        check_password(change.password, staff.username)
        password_hash = await hash_password(change.password)
    return await transaction(apply, ctx, change, password_hash)


async def apply(
    ctx: Context,
    change: StaffChange,
    password_hash: str | None,
    nodes: Mapping[str, Organisation] | None = None,
) -> Staff:
    """The same inside the caller's transaction; `nodes` as for `staff.add`."""
    await Staff.select_for_update().filter(id=change.staff_id).first()
    await sessions.still_signed_in(ctx)
    # Looked at again under the lock: this person's roles may have changed while the password was hashed.
    staff = await _managed(ctx, change.staff_id)
    await _change_phone(ctx, staff, change.phone)
    ends = leaves = False
    if change.name is not None and (name := line_of(change.name, "name", 100)) != staff.name:
        await _check_rank(ctx, staff, "name")
        staff.name = name
    if password_hash is not None:
        await _check_rank(ctx, staff, "password")
        staff.password_hash, ends = password_hash, True
    if change.active is not None and change.active is not staff.active:
        await _check_rank(ctx, staff, "active")
        if _is_caller(ctx, staff):
            raise InvalidInput("You cannot deactivate yourself.", path=("active",))
        staff.active, ends, leaves = change.active, True, not change.active
    await staff.save(update_fields=["name", "password_hash", "active"])
    if change.grants is not None:
        known = await nodes_of(ctx, change.grants) if nodes is None else nodes
        ends |= await _replace_grants(ctx, staff, change.grants, known)
    if password_hash is not None or leaves:
        await invitations.revoke_open(ctx, staff.id)
    if leaves:
        await _keep_an_administrator(staff, await _administered(staff.id), ("active",))
    if ends:
        await sessions.end_all(ctx, SubjectKind.STAFF, staff.id)
    return staff


async def _change_phone(ctx: Context, staff: Staff, phone: str | Unset | None) -> None:
    """Raises: InvalidInput for no mobile number, Forbidden."""
    if isinstance(phone, Unset):
        return
    number = None if phone is None else phone_of(phone, "phone")
    if number != staff.phone:
        await _check_rank(ctx, staff, "phone")
        staff.phone = number
        await staff.save(update_fields=["encrypted_phone"])
        await invitations.revoke_open(ctx, staff.id)  # it has gone to the phone before


async def _managed(ctx: Context, staff_id: int) -> Staff:
    staff = await Staff.filter(id=staff_id).first()
    everybody = ctx.actor.kind is ActorKind.SYSTEM
    if staff is None or not (everybody or staff_id in await manages(ctx, [staff_id])):
        raise NotFound("There is no such member of staff.", path=("staffId",))
    return staff


async def _check_rank(ctx: Context, staff: Staff, field: str) -> None:
    """Raises: Forbidden for somebody who may do more than the caller, or works elsewhere, too."""
    if ctx.actor.kind is not ActorKind.SYSTEM and not await outranks(ctx, staff.id):
        raise Forbidden(
            "This person may do more than you. You can only change their roles in your territory.",
            path=(field,),
        )


async def _replace_grants(
    ctx: Context,
    staff: Staff,
    drafts: Sequence[GrantDraft],
    nodes: Mapping[str, Organisation],
) -> bool:
    """Make the grants in the caller's territory those of `drafts`; answer whether any changed."""
    held = await StaffGrant.filter(staff_id=staff.id).prefetch_related("organisation")
    here = {
        _Held(each.role, each.organisation_id): each
        for each in held
        if may(ctx, Permission.STAFF_WRITE, each.organisation.path)
    }
    wanted: dict[_Held, None] = {}
    for position, draft in enumerate(drafts):
        try:
            node = nodes.get(draft.organisation_code)
            if node is None:
                raise unknown_node(draft.organisation_code, "organisationCode")
            key = _Held(draft.role, node.id)
            if key not in here:
                _check_role(ctx, draft.role, node)
            wanted[key] = None
        except Refusal as refusal:
            raise refusal.below("grants", position) from None
    gone = [each for key, each in here.items() if key not in wanted]
    added = [key for key in wanted if key not in here]
    GRANTS.check(len(held) - len(gone) + len(added), "grants")
    if len(held) - len(gone) + len(added) == 0:
        raise InvalidInput("Give at least one role, or deactivate this person.", path=("grants",))
    for each in gone:
        _check_role(ctx, each.role, each.organisation, "grants")
    await StaffGrant.filter(id__in=[each.id for each in gone]).delete()
    for key in added:
        await StaffGrant.create(
            staff_id=staff.id, role=key.role, organisation_id=key.organisation_id
        )
    if staff.active:
        lost = {each.organisation_id for each in gone if each.role is Role.ADMIN}
        await _keep_an_administrator(staff, lost, ("grants",))
    return bool(gone or added)


def _check_role(ctx: Context, role: Role, node: Organisation, field: str = "role") -> None:
    """Raises: InvalidInput unless the caller may do all that `role` may at `node`."""
    if not all(may(ctx, each, node.path) for each in ROLE_PERMISSIONS[role]):
        raise InvalidInput("You cannot grant more than you may do yourself.", path=(field,))


async def _administered(staff_id: int) -> set[int]:
    grants = StaffGrant.filter(staff_id=staff_id, role=Role.ADMIN)
    return set(await grants.values_list("organisation_id", flat=True))  # type: ignore[arg-type]


async def _keep_an_administrator(staff: Staff, node_ids: set[int], path: Sequence[str]) -> None:
    """Refuse to leave a merchant or the platform among these nodes without an active administrator.

    Whoever has no password cannot sign in, and does not stand in for `staff` who can.
    The nodes are locked, lowest first, so that two administrators who are taken away at once take turns.

    Raises: StateConflict.
    """
    for node_id in sorted(node_ids):
        node = await lock_node(node_id)
        if node is None or node.kind not in (OrganisationKind.PLATFORM, OrganisationKind.MERCHANT):
            continue
        others = StaffGrant.filter(organisation_id=node_id, role=Role.ADMIN, staff__active=True)
        if staff.password_hash != NO_PASSWORD:
            others = others.exclude(staff__password_hash=NO_PASSWORD)
        if not await others.exists():
            raise StateConflict(
                "This is the last active administrator of {code}: make another one first.",
                state="LAST_ADMINISTRATOR",
                path=path,
                code=node.code,
            )


def _is_caller(ctx: Context, staff: Staff) -> bool:
    return ctx.actor.kind is ActorKind.STAFF and ctx.actor.id == staff.id
