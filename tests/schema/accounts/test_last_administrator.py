"""Somebody who can sign in administers each merchant and the platform for as long as anybody does."""

from __future__ import annotations

from models.accounts.passwords import NO_PASSWORD, verify_password
from models.accounts.staff import Staff, StaffGrant
from resolvers.accounts.bootstrap import ensure_platform
from tests.make.api import Api
from tests.make.organisations import hire, id_of, organisation, refused, update

CASHIER = [{"role": "CASHIER", "organisationCode": "A"}]


async def test_one_who_cannot_sign_in_is_not_the_one_who_stays(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    for name in ("boss", "papers", "retired"):
        await hire(admin, name, "ADMIN", "A")
    await Staff.filter(username__in=["papers", "retired"]).update(password_hash=NO_PASSWORD)
    boss, papers = await id_of(admin, "boss"), await id_of(admin, "papers")
    assert await refused(admin, boss, active=False) == ("STATE_CONFLICT", ["active"])
    assert await refused(admin, boss, grants=CASHIER) == ("STATE_CONFLICT", ["grants"])
    assert (await Staff.get(username="boss")).active
    assert await StaffGrant.filter(staff__username="boss", role="ADMIN").exists()
    # Who cannot sign in leaves nobody locked out.
    await update(admin, papers, grants=CASHIER)
    await update(admin, await id_of(admin, "retired"), password="another-quiet-secret")
    await update(admin, boss, active=False)


async def test_a_platform_of_administrators_without_a_password_gets_the_one_that_is_named(
    database: str,
) -> None:
    await Staff.filter(username="admin").update(password_hash=NO_PASSWORD)
    await ensure_platform("successor", "a-newer-password")
    successor = await Staff.get(username="successor")
    assert await verify_password("a-newer-password", successor.password_hash)
    assert await StaffGrant.filter(role="ADMIN").count() == 2
    await ensure_platform("third", "a-newer-password")
    assert not await Staff.filter(username="third").exists()
