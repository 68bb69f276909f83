from __future__ import annotations

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import verify_password
from models.accounts.staff import Staff, StaffGrant
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.context import Context
from resolvers.demo.chain import MERCHANT, plant_demo_chain


async def test_an_empty_database_holds_the_platform_and_its_administrator(database: str) -> None:
    (platform,) = await Organisation.all()
    assert platform.kind is OrganisationKind.PLATFORM
    (grant,) = await StaffGrant.all()
    assert (grant.role, grant.organisation_id) == ("ADMIN", platform.id)


async def test_a_later_start_with_another_name_makes_no_second_administrator(database: str) -> None:
    await ensure_platform("intruder", "another-password")
    (admin,) = await Staff.all()
    assert admin.username == "admin"
    assert await verify_password("admin-password", admin.password_hash)
    assert await Organisation.filter(kind=OrganisationKind.PLATFORM).count() == 1


async def test_the_demo_chain_is_planted_once_and_not_beside_a_merchant(ctx: Context) -> None:
    assert await plant_demo_chain(ctx)
    planted = await Organisation.all().count()
    assert not await plant_demo_chain(ctx)
    assert await Organisation.all().count() == planted
    assert await Organisation.filter(kind=OrganisationKind.MERCHANT).values_list(
        "code", flat=True
    ) == [MERCHANT]
