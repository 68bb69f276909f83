"""The organisation tree: platform → merchant → region → store or warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.bounds import GRANTS
from models.database import fetch, marks, transaction
from models.errors import InvalidInput, NotFound, StateConflict
from resolvers.accounts import identity
from resolvers.accounts.organisations import moves as organisation_moves
from resolvers.bulk_rows import KEEP, Unset, lock_node
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import MAXIMUM_SIZE
from resolvers.permissions import confirmed, for_anyone, may, requires, works_for
from resolvers.slices import Slice, rows_of_each
from resolvers.sql_pagination import Conditions, kept
from resolvers.validation import code_of, line_of

# Which kinds may stand below which.
_ABOVE_PLACES = {OrganisationKind.PLATFORM, OrganisationKind.MERCHANT, OrganisationKind.REGION}
_PLACED = {OrganisationKind.REGION, OrganisationKind.STORE, OrganisationKind.WAREHOUSE}
PARENTS = {
    OrganisationKind.MERCHANT: {OrganisationKind.PLATFORM},
    OrganisationKind.REGION: _ABOVE_PLACES,
    OrganisationKind.STORE: _ABOVE_PLACES,
    OrganisationKind.WAREHOUSE: _ABOVE_PLACES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDraft:
    """A node by its code; `parent_code` of KEEP leaves it where it is, None is the top of the tree."""

    code: str
    name: str
    kind: OrganisationKind
    parent_code: str | Unset | None = KEEP


@requires(Permission.ORGANISATION_WRITE)
async def upsert(ctx: Context, draft: OrganisationDraft) -> Organisation:
    """Create a node of the tree, or rename the one with this code; with a parent given, move it below that.

    A node keeps its merchant, and its kind once anything stands on it or below it.

    Raises: InvalidInput, NotFound for a place that is not in the caller's territory, StateConflict.
    """
    code_of(draft.code, "code")
    line_of(draft.name, "name", 200)
    return await transaction(_upsert, ctx, draft)


async def create_below(parent: Organisation, draft: OrganisationDraft) -> Organisation:
    """Add a node under `parent`; the caller has checked that it may."""
    if parent.kind not in PARENTS.get(draft.kind, set()):
        raise InvalidInput(
            "A {kind} cannot stand below a {parent}.",
            path=("kind",),
            kind=draft.kind,
            parent=parent.kind,
        )
    node = await Organisation.create(
        code=draft.code, name=draft.name, kind=draft.kind, parent_id=parent.id
    )
    node.path = f"{parent.path}{node.id}/"
    organisation_moves.check_depth(len(node.path))
    owner = node if draft.kind is OrganisationKind.MERCHANT else parent
    node.merchant_id = owner.merchant_key
    await node.save(update_fields=["path", "merchant_id"])
    return node


async def within_reach(ctx: Context, code: str, permission: Permission, *path: str) -> Organisation:
    """The node with this code, if the caller holds `permission` there.

    Raises: NotFound naming `path`, which is also the answer for a node outside the caller's territory.
    """
    node = await Organisation.filter(code=code).first()
    if node is None or not may(ctx, permission, node.path):
        raise unknown_node(code, *path)
    return node


async def all_within_reach(
    ctx: Context, codes: Iterable[str], permission: Permission
) -> dict[str, Organisation]:
    """Those of the nodes with these codes where the caller holds `permission`, by code, in one statement."""
    wanted = sorted(set(codes))
    found = await Organisation.filter(code__in=wanted) if wanted else []
    return {node.code: node for node in found if may(ctx, permission, node.path)}


def unknown_node(code: str, *path: str) -> NotFound:
    return NotFound("There is no organisation {code}.", path=path, code=code)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Organisation]:
    """The nodes with these IDs, for rows that the caller has been shown and that stand on them."""
    return await Organisation.filter(id__in=ids).in_bulk(ids, "id") if ids else {}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Organisation]:
    """The nodes with these IDs that the caller may see."""
    found = await Organisation.filter(id__in=set(ids)) if ids else []
    return {node.id: node for node in found if _visible(ctx, node)}


@for_anyone
async def by_code(ctx: Context, code: str) -> Organisation | None:
    node = await Organisation.filter(code=code).first()
    return node if node and _visible(ctx, node) else None


@for_anyone
async def children_of(
    ctx: Context, ids: Sequence[int], first: int = MAXIMUM_SIZE, after_code: str | None = None
) -> dict[int, list[Organisation]]:
    """The first nodes right below each of `ids`, in order of their codes. Raises: InvalidInput."""
    where = seen(ctx)
    if after_code is not None:
        where.add("code > ?", kept(after_code))
    return await rows_of_each(
        Organisation, "parent_id", ids, Slice(first), order="code", where=where
    )


async def of_actor(ctx: Context) -> list[Organisation]:
    """The nodes that the caller has rights on."""
    ids = {grant.organisation_id for grant in ctx.actor.grants}
    return await Organisation.filter(id__in=ids).order_by("path").limit(GRANTS) if ids else []


def _visible(ctx: Context, node: Organisation) -> bool:
    """Staff see the nodes above and below their own, and the warehouses of those they work for.

    Everybody sees the merchant and its stores.
    """
    if ctx.actor.kind is ActorKind.SYSTEM:
        return True
    if node.merchant_key == ctx.merchant_id and node.kind in _open_kinds(ctx):
        return True
    return any(
        node.path.startswith(grant.path) or grant.path.startswith(node.path)
        for grant in ctx.actor.grants
    )


def _open_kinds(ctx: Context) -> tuple[OrganisationKind, ...]:
    """The kinds of which the caller sees every node of the merchant that the request is about."""
    open_to_all = (OrganisationKind.MERCHANT, OrganisationKind.STORE)
    inside = works_for(ctx, ctx.merchant_id)
    return (*open_to_all, OrganisationKind.WAREHOUSE) if inside else open_to_all


def seen(ctx: Context) -> Conditions:
    """What `_visible` says, as conditions on the columns of an organisation."""
    found = Conditions()
    if ctx.actor.kind is ActorKind.SYSTEM:
        return found
    paths = [grant.path for grant in ctx.actor.grants]
    # Of "1/4/9/" these are "", "1/", "1/4/" and itself.
    above = {
        path[:end] for path in paths for end in range(len(path) + 1) if path[:end][-1:] in ("", "/")
    }
    kinds = _open_kinds(ctx)
    ways = [
        f"(COALESCE(merchant_id, id) = ? AND kind IN ({marks(kinds)}))",
        *["SUBSTR(path, 1, ?) = ?"] * len(paths),
        f"path IN ({marks([*above])})",
    ]
    below = [value for path in paths for value in (len(path), path)]
    found.add(
        f"({' OR '.join(ways)})",
        ctx.merchant_id,
        *map(str, kinds),
        *below,
        *sorted(above),
    )
    return found


async def _upsert(ctx: Context, draft: OrganisationDraft) -> Organisation:
    await _lock_tree()
    existing = await Organisation.filter(code=draft.code).first()
    if existing is None:
        parent = await _parent_of(ctx, draft)
        return await create_below(parent, draft)
    if not may(ctx, Permission.ORGANISATION_WRITE, existing.path):
        raise InvalidInput("The code {code} is taken.", path=("code",), code=draft.code)
    await _change_kind(existing, draft.kind)
    if draft.parent_code is not KEEP:
        parent = await _parent_of(ctx, draft)
        if parent.id != existing.parent_id:
            _refuse_top(draft)
            await _move(ctx, existing, parent)
    existing.name = draft.name
    await existing.save(update_fields=["name", "kind"])
    return existing


async def _change_kind(node: Organisation, kind: OrganisationKind) -> None:
    """A region, store or warehouse that nothing stands on may become another of these, in memory.

    Raises: InvalidInput for another kind, StateConflict.
    """
    if node.kind is kind:
        return
    if not {node.kind, kind} <= _PLACED:
        raise InvalidInput("An organisation keeps its kind.", path=("kind",))
    if await fetch("SELECT 1 FROM location WHERE organisation_id = ?", node.id):
        raise StateConflict(
            "It has a store or warehouse already: change what that is by storeUpsert.",
            state=node.kind,
            path=("kind",),
        )
    if await Organisation.filter(parent_id=node.id).exists():
        raise StateConflict("Other organisations stand below it.", state=node.kind, path=("kind",))
    node.kind = kind


def _refuse_top(draft: OrganisationDraft) -> None:
    """Moving takes rights away: who means it names the node. Raises: InvalidInput for null."""
    if draft.parent_code is None:
        raise InvalidInput(
            "This cannot be null. Leave it out, and it stays as it is.", path=("parentCode",)
        )


@confirmed
async def _move(ctx: Context, node: Organisation, parent: Organisation) -> None:
    """Who holds rights at the node changes with its place.

    Raises: as `organisation_moves.move`; Forbidden unless the caller may write where it stands.
    """
    if parent.kind not in PARENTS.get(node.kind, set()):
        raise InvalidInput(
            "A {kind} cannot stand below a {parent}.",
            path=("parentCode",),
            kind=node.kind,
            parent=parent.kind,
        )
    organisation_moves.check_leaving(ctx, await Organisation.get_or_none(id=node.parent_id))
    await organisation_moves.move(ctx, node, parent)


async def _lock_tree() -> None:
    """One change of the tree at a time.

    Two moves could close a circle, and a node could be made below one that moves.
    """
    await lock_node(await identity.platform())


async def _parent_of(ctx: Context, draft: OrganisationDraft) -> Organisation:
    if draft.kind is OrganisationKind.PLATFORM:
        raise InvalidInput("There is one platform already.", path=("kind",))
    if isinstance(draft.parent_code, str):
        return await within_reach(
            ctx, draft.parent_code, Permission.ORGANISATION_WRITE, "parentCode"
        )
    root = ctx.merchant_id
    if draft.kind is OrganisationKind.MERCHANT:
        root = (await Organisation.get(kind=OrganisationKind.PLATFORM)).id
    parent = await Organisation.get(id=root)
    return await within_reach(ctx, parent.code, Permission.ORGANISATION_WRITE, "parentCode")
