"""Who sees whom, and how much: as a table over real rows."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounts.roles import Role
from models.errors import InvalidInput, PermissionDenied
from models.members.members import Member
from resolvers.context import Context
from resolvers.members import members, visibility
from resolvers.orm_pagination import PageRequest
from tests.make import members as make
from tests.make.statements import counting


class Place:
    """A store with its manager and two guides, and a member of the one."""

    async def fill(self, ctx: Context, name: str) -> Place:
        self.store = await make.store(ctx)
        node = self.store.organisation_id
        self.manager, self.guide, self.colleague, self.cashier = [
            await make.staff(node, role)
            for role in (Role.MANAGER, Role.GUIDE, Role.GUIDE, Role.CASHIER)
        ]
        link = await make.link(ctx, self.guide, self.store)
        self.member = await make.enter_through(ctx, await make.member(ctx, name), link.token)
        return self


@pytest.fixture
async def here(ctx: Context) -> Place:
    return await Place().fill(ctx, "王小明")


@pytest.fixture
async def there(ctx: Context) -> Place:
    return await Place().fill(ctx, "李雷雷")


async def listed(ctx: Context, search: str | None = None) -> list[int]:
    return await found(ctx, search=search)


async def found(ctx: Context, **wanted: Any) -> list[int]:
    page = await members.page(ctx, members.MemberQuery(**wanted), PageRequest())
    return sorted(member.id for member in page.rows)


async def test_a_list_is_cut_by_every_part_of_the_filter(
    ctx: Context, here: Place, there: Place
) -> None:
    hq = await make.as_staff(ctx, await make.staff(ctx.merchant_id or 0, Role.MARKETER))
    one, other = here.member, there.member
    assert await found(hq, home_store_id=here.store.id) == [one.id]
    assert await found(hq, guide_id=there.guide.id) == [other.id]
    assert await found(hq, home_store_id=here.store.id, guide_id=there.guide.id) == []
    await one.fetch_related("tier")
    assert await found(hq, tier_codes=[one.tier.code, "NONE"]) == [one.id, other.id]
    assert await found(hq, tier_codes=[]) == []
    assert await found(hq, joined_from=one.created_at) == [one.id, other.id]
    assert await found(hq, joined_to=one.created_at) == []
    acting = await make.as_staff(ctx, here.manager)
    assert await found(acting, home_store_id=there.store.id) == []


async def test_staff_see_the_members_of_their_territory(
    ctx: Context, here: Place, there: Place
) -> None:
    both = [here.member.id, there.member.id]
    hq = await make.staff(ctx.merchant_id or 0, Role.MARKETER)
    for person, seen in (
        (hq, both),
        (here.manager, [here.member.id]),
        (here.guide, [here.member.id]),
        (here.colleague, []),
        (there.guide, [there.member.id]),
    ):
        acting = await make.as_staff(ctx, person)
        assert await listed(acting) == seen
        assert sorted(await members.by_ids(acting, [*both, 999])) == seen
        for member in (here.member, there.member):
            found = await members.find(acting, None, member.number, None)
            assert (found is not None) == (member.id in seen)
    with pytest.raises(PermissionDenied):
        await listed(await make.as_staff(ctx, here.cashier))


async def test_a_member_sees_themself_alone(ctx: Context, here: Place, there: Place) -> None:
    acting = make.as_member(ctx, here.member)
    assert list(await members.by_ids(acting, [here.member.id, there.member.id])) == [here.member.id]
    assert (await visibility.of_members(acting, [here.member]))[here.member.id] == visibility.WHOLE
    with pytest.raises(PermissionDenied):
        await listed(acting)


async def test_names_and_phones_are_masked_without_the_permission(
    ctx: Context, here: Place
) -> None:
    for person, expected in (
        (here.manager, (here.member.name, here.member.phone)),
        (here.guide, ("王*", f"138****{(here.member.phone or '')[-4:]}")),
    ):
        acting = await make.as_staff(ctx, person)
        seen = (await visibility.of_members(acting, [here.member]))[here.member.id]
        assert (seen.name_of(here.member), seen.phone_of(here.member)) == expected


async def test_searching_is_no_way_round_the_mask(ctx: Context, here: Place) -> None:
    manager, guide = await make.as_staff(ctx, here.manager), await make.as_staff(ctx, here.guide)
    phone = here.member.phone or ""
    for text, found_by_guide in (
        ("小明", False),
        (phone[-4:], False),
        (phone, True),
        (phone.removeprefix("+86"), True),
        (here.member.number.lower(), True),
        (here.member.number[:-2], True),
        ("%", False),
        ("_", False),
    ):
        assert await listed(guide, text) == ([here.member.id] if found_by_guide else []), text
    assert await listed(manager, "小明") == [here.member.id]
    assert await listed(manager, phone[-4:]) == [here.member.id]
    assert await listed(manager, "%") == []


@pytest.mark.parametrize("text", ["", " ", "\0", "x" * 65])
async def test_a_search_for_nothing_is_refused(ctx: Context, text: str) -> None:
    with pytest.raises(InvalidInput):
        await listed(ctx, text)


async def test_members_are_found_by_one_of_id_number_and_card(ctx: Context, here: Place) -> None:
    for arguments in ((None, None, None), (1, "M1", None)):
        with pytest.raises(InvalidInput):
            await members.find(ctx, *arguments)
    assert await members.find(ctx, None, None, "\0") is None
    assert await members.find(ctx, None, "\0", None) is None


async def test_however_many_are_looked_at_the_places_are_asked_once(
    ctx: Context, here: Place, there: Place
) -> None:
    acting = await make.as_staff(ctx, here.manager)
    rows = await Member.all()
    with counting() as statements:
        await visibility.of_members(acting, rows)
        await visibility.of_members(acting, rows)
    assert len(statements) == 1
