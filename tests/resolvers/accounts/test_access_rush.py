"""Taking away and coming in at the same moment, over real parallel connections."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import hash_password, token_hash
from models.accounts.roles import Role
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.database import transaction
from models.errors import QuintetError, StateConflict
from resolvers.accounts import sessions
from resolvers.accounts.clients import storefront_upsert
from resolvers.accounts.clients import updates as client_updates
from resolvers.accounts.clients.storefront_upsert import StorefrontDraft
from resolvers.accounts.staff import updates as staff_updates
from resolvers.accounts.staff.staff import GrantDraft
from resolvers.accounts.staff.updates import StaffChange
from resolvers.bulk_rows import OnError
from resolvers.context import Context


async def an_admin(username: str) -> Staff:
    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    person = await Staff.create(username=username, name=username, password_hash="-")
    await StaffGrant.create(staff_id=person.id, role=Role.ADMIN, organisation_id=platform.id)
    return person


async def together(*coroutines: Any) -> list[Any]:
    """What each came to; refusals are results, anything else is raised."""
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException) and not isinstance(each, QuintetError):
            raise each
    return results


@pytest.mark.parametrize("way", ["active", "grants"])
async def test_of_administrators_taken_away_at_once_one_stays(ctx: Context, way: str) -> None:
    await Staff.filter(username="admin").update(active=False)
    people = [await an_admin(f"boss{number}") for number in range(4)]
    guide = [GrantDraft(Role.GUIDE, "PLATFORM")]
    changes = [
        StaffChange(staff_id=each.id, active=False)
        if way == "active" or number % 2
        else StaffChange(staff_id=each.id, grants=guide)
        for number, each in enumerate(people)
    ]
    results = await together(*(staff_updates.update(ctx, each) for each in changes))
    left = StaffGrant.filter(role=Role.ADMIN, staff__active=True)
    assert await left.count() == 1
    assert [type(each) for each in results if isinstance(each, QuintetError)] == [StateConflict]


async def test_a_sign_in_that_overlaps_with_a_deactivation_leaves_no_open_session(
    ctx: Context,
) -> None:
    person = await an_admin("leaver")
    for _ in range(10):
        await Staff.filter(id=person.id).update(active=True)
        await together(
            *(transaction(sessions.issue_to_staff, ctx, person) for _ in range(3)),
            staff_updates.update(ctx, StaffChange(staff_id=person.id, active=False)),
        )
        assert not await Session.filter(subject_id=person.id, revoked_at=None).exists()


async def test_an_old_password_that_was_verified_just_before_the_new_one_opens_nothing(
    ctx: Context,
) -> None:
    person = await an_admin("hurried")
    old = await hash_password("the-old-password")
    await Staff.filter(id=person.id).update(password_hash=old)
    verified = await Staff.get(id=person.id)
    await staff_updates.update(ctx, StaffChange(staff_id=person.id, password="a-much-newer-secret"))
    (refused,) = await together(transaction(sessions.issue_to_staff, ctx, verified))
    assert refused.code == "EXPIRED"
    assert not await Session.filter(subject_id=person.id).exists()


async def test_a_refresh_does_not_bring_back_a_session_that_was_ended(ctx: Context) -> None:
    person = await an_admin("stolen")
    for _ in range(10):
        tokens = await transaction(sessions.issue_to_staff, ctx, person)
        results = await together(
            sessions.refresh(ctx, tokens.refresh_token),
            transaction(sessions.end_all, ctx, SubjectKind.STAFF, person.id),
        )
        assert not await Session.filter(subject_id=person.id, revoked_at=None).exists()
        if not isinstance(results[0], QuintetError):
            renewed, _ = results[0]
            (again,) = await together(sessions.refresh(ctx, renewed.refresh_token))
            assert again.code == "EXPIRED"


async def test_of_two_rotations_at_once_one_is_refused_and_no_secret_ends_early(
    ctx: Context,
) -> None:
    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    client = await ApiClient.create(
        name="erp", secret_hash=token_hash("first"), scopes=[], organisation_id=platform.id
    )
    results = await together(*(client_updates.rotate_secret(ctx, client.id, 60) for _ in range(4)))
    (given,) = [each for each in results if not isinstance(each, QuintetError)]
    now = await ApiClient.get(id=client.id)
    assert now.previous_secret_hash == token_hash("first")
    assert now.secret_hash == token_hash(given[1])
    assert {each.code for each in results if isinstance(each, QuintetError)} == {"STATE_CONFLICT"}


async def test_a_batch_of_client_applications_switches_none_on_that_is_switched_off_meanwhile(
    ctx: Context,
) -> None:
    def named(name: str) -> list[StorefrontDraft]:
        return [
            StorefrontDraft(
                code=f"{number}", name=name, channel=Channel.APP, organisation_code="PLATFORM"
            )
            for number in range(20)
        ]

    await storefront_upsert.upsert(ctx, named("first"), OnError.REJECT_ALL)
    last = await Storefront.get(code="19")
    for turn in range(10):
        await client_updates.update_storefront(ctx, last.id, None, True)
        await together(
            storefront_upsert.upsert(ctx, named(f"again {turn}"), OnError.REJECT_ALL),
            client_updates.update_storefront(ctx, last.id, None, False),
        )
        row = await Storefront.get(id=last.id)
        assert (row.name, row.active) == (f"again {turn}", False)
