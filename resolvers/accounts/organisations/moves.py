"""Moving a node below another one, with all that stands below it."""

from __future__ import annotations

from models.accounts.organisations import Organisation
from models.accounts.roles import Permission
from models.database import execute, fetch
from models.errors import Forbidden, InvalidInput
from resolvers.background.outbox import Change, announce
from resolvers.context import Context
from resolvers.permissions import may

LONGEST_PATH = 400


def check_leaving(ctx: Context, from_parent: Organisation | None) -> None:
    """Raises: Forbidden for a caller who may not write where the node stands now."""
    if from_parent is None or not may(ctx, Permission.ORGANISATION_WRITE, from_parent.path):
        raise Forbidden("You may not take it from where it stands.")


async def move(ctx: Context, node: Organisation, parent: Organisation) -> None:
    """Put `node` below `parent` and rewrite the paths of its subtree. The tree is locked, the caller may.

    Each store and warehouse that comes to stand elsewhere by it is announced as changed.

    Roles, API clients and storefronts stand on nodes, not on paths: what was granted on a moved node or below
    it holds on, and what is granted above it is that of its new place.

    Raises: InvalidInput for a place below itself, at another merchant, or too deep.
    """
    if parent.path.startswith(node.path):
        raise InvalidInput("An organisation cannot stand below itself.", path=("parentCode",))
    if parent.merchant_key != node.merchant_key:
        raise InvalidInput("An organisation stays with its merchant.", path=("parentCode",))
    before, after = node.path, f"{parent.path}{node.id}/"
    deepest = await fetch(
        "SELECT MAX(LENGTH(path)) AS longest FROM organisation WHERE path LIKE ?", f"{before}%"
    )
    check_depth(deepest[0]["longest"] - len(before) + len(after))
    await execute(
        "UPDATE organisation SET path = CAST(? AS VARCHAR(400)) || SUBSTR(path, ?) WHERE path LIKE ?",
        after,
        len(before) + 1,
        f"{before}%",
    )
    await Organisation.filter(id=node.id).update(parent_id=parent.id)
    node.path, node.parent_id = after, parent.id
    await _announce(ctx, node)


def check_depth(length: int, field: str = "parentCode") -> None:
    """Raises: InvalidInput for a path that is longer than the column."""
    if length > LONGEST_PATH:
        raise InvalidInput("The tree is too deep here.", path=(field,))


async def _announce(ctx: Context, node: Organisation) -> None:
    """Say of each store and warehouse at the node and below it that it has changed."""
    rows = await fetch(
        "SELECT l.id, l.kind, l.merchant_id, l.organisation_id FROM location l"
        " JOIN organisation o ON o.id = l.organisation_id WHERE o.path LIKE ? ORDER BY l.id",
        f"{node.path}%",
    )
    changes = [
        Change(
            topic="store.changed",
            node_type=str(row["kind"]).title(),
            node_id=row["id"],
            merchant_id=row["merchant_id"],
            organisation_id=row["organisation_id"],
            location_id=row["id"],
        )
        for row in rows
    ]
    await announce(ctx, changes)
