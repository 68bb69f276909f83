"""What an empty database needs before anybody can sign in: the platform and its administrator."""

from __future__ import annotations

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import hash_password
from models.accounts.roles import Role
from models.accounts.staff import Staff, StaffGrant
from models.database import transaction

PLATFORM_CODE = "PLATFORM"


async def ensure_platform(admin_username: str = "", admin_password: str = "") -> Organisation:
    """The platform, made if there is none; its first administrator too, when one is named."""
    password_hash = await hash_password(admin_password) if admin_password else ""
    return await transaction(_ensure, admin_username, password_hash)


async def _ensure(admin_username: str, password_hash: str) -> Organisation:
    platform = await Organisation.filter(kind=OrganisationKind.PLATFORM).first()
    if platform is None:
        platform = await Organisation.create(
            code=PLATFORM_CODE, name="Platform", kind=OrganisationKind.PLATFORM
        )
        platform.path = f"{platform.id}/"
        await platform.save(update_fields=["path"])
    if admin_username and not await StaffGrant.filter(role=Role.ADMIN).exists():
        admin = await Staff.create(
            username=admin_username, name="Administrator", password_hash=password_hash
        )
        await StaffGrant.create(staff_id=admin.id, role=Role.ADMIN, organisation_id=platform.id)
    return platform
