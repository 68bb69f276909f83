from __future__ import annotations

from datetime import timedelta

import pytest

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import verify_password
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import RecoveryCode, Staff, StaffGrant
from models.errors import InvalidInput
from resolvers.accounts.bootstrap import ensure_platform, reset_administrator
from resolvers.context import Context, utc_now
from resolvers.demo.chain import MERCHANT, plant_demo_chain


async def test_an_empty_database_holds_the_platform_and_its_administrator(database: str) -> None:
    (platform,) = await Organisation.all()
    assert platform.kind is OrganisationKind.PLATFORM
    (grant,) = await StaffGrant.all()
    assert (grant.role, grant.organisation_id) == ("ADMIN", platform.id)


async def test_a_later_start_with_another_name_makes_no_second_administrator(database: str) -> None:
    assert not await ensure_platform("intruder", "another-password")
    (admin,) = await Staff.all()
    assert admin.username == "admin"
    assert await verify_password("admin-password", admin.password_hash)
    assert await Organisation.filter(kind=OrganisationKind.PLATFORM).count() == 1


async def test_a_platform_without_an_active_administrator_gets_the_one_that_is_named(
    database: str,
) -> None:
    await Staff.filter(username="admin").update(active=False)
    assert await ensure_platform("admin", "a-newer-password")
    (admin,) = await Staff.all()
    assert admin.active
    assert await verify_password("a-newer-password", admin.password_hash)
    assert await StaffGrant.all().count() == 1


async def test_a_lost_administrator_is_let_in_again_and_nobody_else(database: str) -> None:
    other = await Staff.create(username="other", name="Other", password_hash="-", active=False)
    admin = await Staff.get(username="admin")
    tokens = {"access_hash": "a", "refresh_hash": "r"}
    admin.second_factor_secret, admin.second_factor_at = "SECRET", utc_now()
    await admin.save()
    await RecoveryCode.create(staff_id=admin.id, code_hash="h")
    end = utc_now() + timedelta(days=1)
    await Session.create(
        kind=SubjectKind.STAFF,
        subject_id=admin.id,
        access_expires_at=end,
        refresh_expires_at=end,
        **tokens,
    )
    with pytest.raises(InvalidInput):
        await reset_administrator("admin", "short")
    await reset_administrator("admin", "a-newer-password")
    await reset_administrator("successor", "a-newer-password")
    assert not await Session.filter(revoked_at=None).exists()
    again = await Staff.get(id=admin.id)
    assert await verify_password("a-newer-password", again.password_hash)
    assert (again.second_factor_at, again.second_factor_secret) == (None, None)
    assert await RecoveryCode.all().count() == 0
    assert not (await Staff.get(id=other.id)).active
    named = await StaffGrant.filter(role="ADMIN").prefetch_related("staff")
    assert sorted(each.staff.username for each in named) == ["admin", "successor"]


async def test_the_demo_chain_is_planted_once_and_not_beside_a_merchant(ctx: Context) -> None:
    assert await plant_demo_chain(ctx)
    planted = await Organisation.all().count()
    assert not await plant_demo_chain(ctx)
    assert await Organisation.all().count() == planted
    assert await Organisation.filter(kind=OrganisationKind.MERCHANT).values_list(
        "code", flat=True
    ) == [MERCHANT]
