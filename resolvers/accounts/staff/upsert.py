"""Staff by their usernames, as a directory of people sends them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from models.accounts.organisations import Organisation
from models.accounts.passwords import NO_PASSWORD
from models.accounts.roles import Permission, Role
from models.accounts.staff import Staff, StaffGrant
from models.bounds import GRANTS
from models.errors import Duplicate, Refusal
from resolvers.accounts.staff import staff
from resolvers.accounts.staff import updates as staff_updates
from resolvers.accounts.staff.rank import manages
from resolvers.accounts.staff.staff import GrantDraft, StaffDraft
from resolvers.accounts.staff.updates import StaffChange
from resolvers.bulk_replays import Rejected
from resolvers.bulk_rows import (
    KEEP,
    BatchOutcome,
    Faults,
    OnError,
    RowOutcome,
    Unset,
    lock_node,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.context import ActorKind, Context
from resolvers.permissions import confirmed, may, requires
from resolvers.validation import phone_of, rows_of

MAXIMUM_STAFF = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """A member of staff by username; `grants` and `active` stay as they are unless given, `phone` if KEEP."""

    username: str
    name: str
    grants: Sequence[GrantDraft] | None = None
    active: bool | None = None
    phone: str | Unset | None = KEEP


@dataclass(frozen=True, slots=True)
class _Known:
    """The staff who have one of the usernames, those the caller manages, and the grants they have there.

    `nodes` are those that the rows' grants name.
    """

    staff: dict[str, Staff]
    managed: Collection[int]
    grants: dict[int, set[tuple[Role, str]]]
    nodes: dict[str, Organisation]

    def differs(self, person: Staff, row: StaffRow) -> bool:
        wanted = None if row.grants is None else {(g.role, g.organisation_code) for g in row.grants}
        return (
            row.name.strip() != person.name
            or row.active not in (None, person.active)
            or (row.phone is not KEEP and _number_of(row) != person.phone)
            or wanted not in (None, self.grants.get(person.id, set()))
        )


@requires(Permission.STAFF_WRITE)
@confirmed
async def upsert(
    ctx: Context, rows: Sequence[StaffRow], on_error: OnError, dry_run: bool = False
) -> BatchOutcome:
    """Add or change members of staff. A new one has no password until `staffUpdate` gives one.

    A batch with faulty rows is rolled back, and done again without them where they are to be skipped.

    Raises: ConfirmationRequired, InvalidInput for no rows or more than 100.
    """
    rows_of(rows, "staff", MAXIMUM_STAFF)
    faulty: dict[int, RowOutcome] = {}
    while True:
        work = (_upsert, ctx, rows, faulty)
        try:
            outcome = await run_batch(*work, dry_run=dry_run)
        except Rejected as rejected:
            if on_error is OnError.REJECT_ALL:
                return rejected.outcome
            faulty |= {each.index: each for each in rejected.outcome.rows if not each.ok}
        else:
            return replace(outcome, rows=[faulty.get(each.index, each) for each in outcome.rows])


async def _upsert(ctx: Context, rows: Sequence[StaffRow], skipped: Collection[int]) -> BatchOutcome:
    """Save all rows but the `skipped` ones. Raises: Rejected when any of them is faulty."""
    usernames = {row.username for row in rows}
    # Persons before nodes, as whoever changes one of them does.
    await Staff.filter(username__in=usernames).select_for_update().order_by("id")
    await lock_node(ctx.merchant_id)
    known = await _known(ctx, usernames, rows)
    faults = [Faults(("staff", index)) for index in range(len(rows))]
    tried = [index for index in range(len(rows)) if index not in skipped]
    claims = [(rows[index].username, faults[index], ("username",)) for index in tried]
    refuse_duplicates(claims, "The code {code} stands in the batch twice.")
    created = updated = 0
    for index in tried:
        if faults[index]:
            continue
        person = known.staff.get(rows[index].username)
        try:
            changed = await _save(ctx, rows[index], person, known)
        except Refusal as refusal:
            faults[index].add(refusal)
            continue
        created, updated = created + (person is None), updated + (changed and person is not None)
    codes = [row.username for row in rows]
    outcome = BatchOutcome(outcomes_of(zip(codes, faults, strict=True)), created, updated)
    if any(faults):
        raise Rejected(replace(outcome, created=0, updated=0, rejected=True))
    return outcome


async def _save(ctx: Context, row: StaffRow, person: Staff | None, known: _Known) -> bool:
    """Write what is new or differs; return whether anything did. Raises: Refusal."""
    GRANTS.check(len(row.grants or ()), "grants")
    if person is None:
        draft = StaffDraft(
            username=row.username,
            password="",
            name=row.name,
            grants=row.grants or (),
            phone=_number_of(row),
        )
        staff.check(draft)
        added = await staff.add(ctx, draft, NO_PASSWORD, known.nodes)
        if row.active is False:
            await Staff.filter(id=added.id).update(active=False)
        return True
    if person.id not in known.managed:
        raise Duplicate(
            "The username {username} is taken.", path=("username",), username=row.username
        )
    if not known.differs(person, row):
        return False
    change = StaffChange(
        staff_id=person.id,
        name=row.name,
        active=row.active,
        grants=row.grants,
        phone=row.phone,
    )
    await staff_updates.apply(ctx, change, None, known.nodes)
    return True


def _number_of(row: StaffRow) -> str | None:
    """The phone that a row gives, in E.164. Raises: InvalidInput."""
    return phone_of(row.phone, "phone") if isinstance(row.phone, str) else None


async def _known(ctx: Context, usernames: Collection[str], rows: Sequence[StaffRow]) -> _Known:
    found = {each.username: each for each in await Staff.filter(username__in=set(usernames))}
    ids = [each.id for each in found.values()]
    everybody = ctx.actor.kind is ActorKind.SYSTEM
    grants: dict[int, set[tuple[Role, str]]] = {}
    for grant in await StaffGrant.filter(staff_id__in=ids).prefetch_related("organisation"):
        if may(ctx, Permission.STAFF_WRITE, grant.organisation.path):
            grants.setdefault(grant.staff_id, set()).add((grant.role, grant.organisation.code))
    nodes = await staff.nodes_of(ctx, [each for row in rows for each in row.grants or ()])
    return _Known(found, ids if everybody else await manages(ctx, ids), grants, nodes)
