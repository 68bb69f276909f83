"""Where a store stands in the organisation: its own node, below one that the caller may write to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.errors import Duplicate, InvalidInput, NotFound, StateConflict
from models.stores.locations import Location, LocationKind
from models.tables.bulk import update_all
from resolvers.accounts.organisations.moves import check_depth
from resolvers.accounts.organisations.organisations import PARENTS
from resolvers.context import Context
from resolvers.permissions import may, refuse_unconfirmed
from resolvers.stores.drafts import StoreDraft
from resolvers.stores.kind_changes import conflicts_of
from resolvers.validation import CODE

# The kind of the node of each kind of place.
_NODES = {
    LocationKind.STORE: OrganisationKind.STORE,
    LocationKind.WAREHOUSE: OrganisationKind.WAREHOUSE,
}
_DEFAULT_KIND = LocationKind.STORE


@dataclass(slots=True)
class Tree:
    """The nodes that a batch is about, by code and ID, and the locations that stand there already.

    `moved` are the IDs of nodes that are to stand elsewhere, `rekinded` of those that change
    their kind: they have in memory, and are yet to be saved.
    `conflicts` are why those places keep their kind that are to have another, by code.
    """

    nodes: dict[str, Organisation] = field(default_factory=dict)
    by_id: dict[int, Organisation] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    default: Organisation | None = None
    moved: set[int] = field(default_factory=set)
    rekinded: set[int] = field(default_factory=set)
    conflicts: dict[str, list[StateConflict]] = field(default_factory=dict)

    def kind_of(self, draft: StoreDraft) -> LocationKind:
        """What a row says; else what it is already, or what its node is for; else a store."""
        if draft.kind is not None:
            return draft.kind
        if location := self.locations.get(draft.code):
            return location.kind
        node = self.nodes.get(draft.code)
        return next((kind for kind in _NODES if node and node.kind is _NODES[kind]), _DEFAULT_KIND)


async def read_tree(ctx: Context, drafts: Sequence[StoreDraft]) -> Tree:
    codes = {draft.code for draft in drafts} | {
        draft.organisation_code for draft in drafts if draft.organisation_code
    }
    wanted = [code for code in codes if CODE.fullmatch(code)]
    locations = await Location.filter(code__in=wanted)
    nodes = await Organisation.filter(code__in=wanted)
    ids = {row.organisation_id for row in locations} | {row.parent_id for row in nodes}
    nodes += await Organisation.filter(id__in={each for each in ids if each})
    parents = {row.parent_id for row in nodes if row.parent_id}
    nodes += await Organisation.filter(id__in=parents)
    kinds = {draft.code: draft.kind for draft in drafts}
    changing = [row for row in locations if kinds.get(row.code) not in (None, row.kind)]
    return Tree(
        nodes={row.code: row for row in nodes},
        by_id={row.id: row for row in nodes},
        locations={row.code: row for row in locations},
        default=await _default_parent(ctx),
        conflicts=await conflicts_of(changing),
    )


def place(ctx: Context, draft: StoreDraft, tree: Tree) -> Organisation:
    """The store's own node: the one it has, the one with its code, or a new one that is not saved yet.

    One that is to stand below another organisation stands there in memory, and has its kind there.

    Raises: Duplicate for a code that another has, NotFound, InvalidInput, ConfirmationRequired.
    """
    location = tree.locations.get(draft.code)
    node = tree.by_id[location.organisation_id] if location else tree.nodes.get(draft.code)
    if node is None:
        return _new_node(ctx, draft, tree)
    mine = may(ctx, Permission.STORE_WRITE, node.path)
    if not mine or node.kind not in _NODES.values():
        raise Duplicate("The code {code} is taken.", path=("code",), code=draft.code)
    kind = _NODES[tree.kind_of(draft)]
    if node.kind is not kind:
        if not may(ctx, Permission.ORGANISATION_WRITE, node.path):
            raise InvalidInput("You may not change its kind.", path=("kind",))
        node.kind = kind
        tree.rekinded.add(node.id)
    parent = tree.by_id.get(node.parent_id or 0)
    if draft.organisation_code not in (None, node.code, parent.code if parent else None):
        _move(ctx, draft.organisation_code, node, parent, tree)
    return node


def _move(
    ctx: Context, code: str | None, node: Organisation, from_: Organisation | None, tree: Tree
) -> None:
    """Put a store's node below another one, by the rules and rights of `organisationUpsert`.

    Nothing stands below a store, so that no other path changes.

    Raises: NotFound, InvalidInput, ConfirmationRequired.
    """
    at, write = ("organisationCode",), Permission.ORGANISATION_WRITE
    parent = tree.nodes.get(code or "")
    if parent is None or not may(ctx, write, parent.path):
        raise _unknown(code)
    _check_parent(parent, node.kind)
    if not (may(ctx, write, node.path) and from_ and may(ctx, write, from_.path)):
        raise InvalidInput("You may not take it from where it stands.", path=at)
    if parent.merchant_key != node.merchant_key:
        raise InvalidInput("An organisation stays with its merchant.", path=at)
    path = f"{parent.path}{node.id}/"
    check_depth(len(path), at[0])
    refuse_unconfirmed(ctx)
    node.parent_id, node.path = parent.id, path
    tree.moved.add(node.id)


async def save_moves(tree: Tree, nodes: Sequence[Organisation]) -> None:
    """Write where those of `nodes` stand that have moved."""
    await update_all([node for node in nodes if node.id in tree.moved], ("parent_id", "path"))


async def save_nodes(nodes: Sequence[Organisation]) -> None:
    """Write new nodes; a node's path holds its own ID, so it is known only then."""
    await Organisation.bulk_create(nodes)
    codes = [node.code for node in nodes]
    ids = {row.code: row.id for row in await Organisation.filter(code__in=codes)}
    for node in nodes:
        node.id = ids[node.code]
        node.path = f"{node.path}{node.id}/"
        check_depth(len(node.path))
    await update_all(nodes, ("path",))


def _new_node(ctx: Context, draft: StoreDraft, tree: Tree) -> Organisation:
    parent, kind = tree.default, _NODES[tree.kind_of(draft)]
    if draft.organisation_code is not None:
        parent = tree.nodes.get(draft.organisation_code)
    if parent is None or not may(ctx, Permission.STORE_WRITE, parent.path):
        raise _unknown(draft.organisation_code)
    _check_parent(parent, kind)
    return Organisation(
        code=draft.code,
        name=draft.name.strip(),
        kind=kind,
        parent_id=parent.id,
        merchant_id=parent.merchant_key,
        path=parent.path,
    )


def _check_parent(parent: Organisation, kind: OrganisationKind) -> None:
    """Raises: InvalidInput for a node that none of this kind stands below."""
    if parent.kind not in PARENTS[kind]:
        raise InvalidInput(
            "A {kind} cannot stand below a {parent}.",
            path=("organisationCode",),
            kind=kind,
            parent=parent.kind,
        )


def _unknown(code: str | None) -> NotFound:
    return NotFound(
        "There is no organisation {code}.", path=("organisationCode",), code=(code or "-")[:64]
    )


async def _default_parent(ctx: Context) -> Organisation | None:
    """The merchant, or the part of it that is the caller's."""
    merchant = await Organisation.filter(id=ctx.merchant_id).first()
    if merchant and may(ctx, Permission.STORE_WRITE, merchant.path):
        return merchant
    own = [
        grant.organisation_id
        for grant in ctx.actor.grants
        if Permission.STORE_WRITE in grant.permissions
    ]
    nodes = await Organisation.filter(id__in=own).order_by("path")
    above = [node for node in nodes if node.kind in PARENTS[OrganisationKind.STORE]]
    return next((node for node in above if node.merchant_key == ctx.merchant_id), None)
