"""What an empty database needs before anybody can sign in: the platform and its administrator."""

from __future__ import annotations

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.password_rules import check_password
from models.accounts.passwords import NO_PASSWORD, hash_password
from models.accounts.roles import Role
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import RecoveryCode, Staff, StaffGrant
from models.database import transaction
from resolvers.context import utc_now

PLATFORM_CODE = "PLATFORM"


async def ensure_platform(admin_username: str = "", admin_password: str = "") -> bool:
    """Make the platform if there is none, and the administrator who is named when none can sign in.

    Returns whether that was made an administrator.
    """
    password_hash = await hash_password(admin_password) if admin_password else NO_PASSWORD
    return await transaction(_ensure, admin_username, password_hash)


async def _ensure(admin_username: str, password_hash: str) -> bool:
    platform = await Organisation.filter(kind=OrganisationKind.PLATFORM).first()
    if platform is None:
        platform = await Organisation.create(
            code=PLATFORM_CODE, name="Platform", kind=OrganisationKind.PLATFORM
        )
        platform.path = f"{platform.id}/"
        await platform.save(update_fields=["path"])
    if not admin_username or await _is_administered(platform):
        return False
    await _appoint(platform, admin_username, password_hash)
    return True


async def reset_administrator(username: str, password: str) -> None:
    """Make somebody an active administrator of the platform with this password alone, and end their sessions.

    This is the way in when nobody is left who could sign in, so a second factor is switched off. It asks for
    no rights: only who may run commands on the server can call it.

    Raises: InvalidInput for a password that is too weak.
    """
    check_password(password, username)
    password_hash = await hash_password(password)
    await ensure_platform()

    async def reset() -> None:
        platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
        await _appoint(platform, username, password_hash)

    await transaction(reset)


async def _is_administered(platform: Organisation) -> bool:
    """Whether anybody who can sign in administers it."""
    grants = StaffGrant.filter(organisation_id=platform.id, role=Role.ADMIN, staff__active=True)
    return await grants.exclude(staff__password_hash=NO_PASSWORD).exists()


async def _appoint(platform: Organisation, username: str, password_hash: str) -> None:
    admin, is_new = await Staff.get_or_create(
        {"name": "Administrator", "password_hash": password_hash}, username=username
    )
    if not is_new:
        await Staff.filter(id=admin.id).update(
            active=True,
            password_hash=password_hash,
            encrypted_second_factor_secret=None,
            second_factor_at=None,
            second_factor_step=None,
        )
        await RecoveryCode.filter(staff_id=admin.id).delete()
        sessions = Session.filter(kind=SubjectKind.STAFF, subject_id=admin.id, revoked_at=None)
        await sessions.update(revoked_at=utc_now())
    await StaffGrant.get_or_create(staff_id=admin.id, role=Role.ADMIN, organisation_id=platform.id)
