"""A level's lists are cut in the database, by one statement, to what each caller may see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.accounts.organisations import Organisation
from models.catalog.classification import Category
from resolvers.accounts.identity import first_merchant
from resolvers.accounts.organisations import organisations
from resolvers.background.loop_sharing import in_turns
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.slices import Slice, rows_of_each
from tests.make.statements import counting


async def tree(parents: int, children: int) -> list[int]:
    merchant = await first_merchant()
    tops = [
        await Category.create(merchant_id=merchant, code=f"T{n}", name="t") for n in range(parents)
    ]
    await Category.bulk_create(
        Category(merchant_id=merchant, code=f"T{n}-{m:02}", name="c", parent_id=top.id)
        for n, top in enumerate(tops)
        for m in range(children)
    )
    return [top.id for top in tops]


async def test_each_parent_has_its_own_slice_by_one_statement(ctx: Context) -> None:
    ids = await tree(3, 7)
    with counting() as statements:
        found = await rows_of_each(Category, "parent_id", [*ids, 0], Slice(2, 3), order="code")
    assert len(statements) == 1
    assert [[row.code for row in found[each]] for each in ids] == [
        [f"T{n}-03", f"T{n}-04"] for n in range(3)
    ]
    assert found[0] == []
    whole = await rows_of_each(Category, "parent_id", ids)
    assert [len(rows) for rows in whole.values()] == [7, 7, 7]


async def test_nothing_is_asked_for_no_parents(ctx: Context) -> None:
    with counting() as statements:
        assert await rows_of_each(Category, "parent_id", [], Slice(2)) == {}
    assert statements == []


def with_grants(ctx: Context, *paths: str) -> Context:
    grants = [GrantedNode(number, path, frozenset()) for number, path in enumerate(paths)]
    return replace(ctx, actor=Actor(ActorKind.STAFF, 1, grants=tuple(grants)))


@pytest.mark.parametrize("kind", ["stranger", "region", "below", "elsewhere", "system"])
async def test_the_statement_sees_what_the_rule_sees(ctx: Context, kind: str) -> None:
    merchant = await Organisation.get(id=await first_merchant())
    regions = []
    for code in ("R1", "R2"):
        node = await Organisation.create(
            code=code, name=code, kind="REGION", parent_id=merchant.id, merchant_id=merchant.id
        )
        node.path = f"{merchant.path}{node.id}/"
        await node.save()
        regions.append(node)
    asking = {
        "stranger": replace(ctx, actor=Actor(ActorKind.ANONYMOUS)),
        "region": with_grants(ctx, regions[0].path),
        "below": with_grants(ctx, f"{regions[0].path}9999/"),
        "elsewhere": with_grants(ctx, "1/99999/"),
        "system": ctx,
    }[kind]
    found = (await organisations.children_of(asking, [merchant.id]))[merchant.id]
    below = await Organisation.filter(parent_id=merchant.id).order_by("code")
    seen = await organisations.visible_by_ids(asking, [each.id for each in below])
    assert [each.id for each in found] == [each.id for each in below if each.id in seen]
    codes = {each.code for each in found} & {"R1", "R2"}
    assert (
        codes
        == {
            "stranger": set(),
            "region": {"R1"},
            "below": {"R1"},
            "elsewhere": set(),
            "system": {"R1", "R2"},
        }[kind]
    )


async def test_rows_in_turns_are_all_there_in_order() -> None:
    assert [each async for each in in_turns(range(5))] == [0, 1, 2, 3, 4]
