"""A stolen session alone changes nothing about who can get in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from gateways.rate_limits import MemoryRateLimits
from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.roles import Role
from models.accounts.sessions import Session
from models.accounts.staff import Staff
from models.database import transaction
from models.errors import (
    ConfirmationRequired,
    Expired,
    InvalidInput,
    PermissionDenied,
    QuintetError,
    SecondFactorRequired,
)
from models.integrations.webhooks import Webhook
from models.read_consistency import Freshness
from resolvers.accounts import identity, sessions
from resolvers.accounts.clients import clients, storefront_upsert
from resolvers.accounts.clients import updates as client_updates
from resolvers.accounts.clients.storefront_upsert import StorefrontDraft
from resolvers.accounts.sign_in import confirmation, own_password, second_factors
from resolvers.accounts.sign_in import staff as sign_in
from resolvers.accounts.staff import staff
from resolvers.accounts.staff import updates as staff_updates
from resolvers.accounts.staff import upsert as staff_upsert
from resolvers.accounts.staff.staff import GrantDraft, StaffDraft
from resolvers.accounts.staff.updates import StaffChange
from resolvers.accounts.staff.upsert import StaffRow
from resolvers.bulk_rows import OnError
from resolvers.context import Actor, Context
from resolvers.integrations.webhooks import webhooks
from tests.make import members as make

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
PASSWORD = "admin-password"
STOREFRONT = StorefrontDraft(
    code="APP", name="App", channel=Channel.APP, organisation_code="PLATFORM"
)


class Clock:
    moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def tick(self, **passed: int) -> None:
        self.moment += timedelta(**passed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def visitor(ctx: Context, clock: Clock) -> Context:
    limits = MemoryRateLimits(clock.seconds)
    gateways = replace(ctx.gateways, rate_limits=limits)
    return replace(ctx, actor=Actor(), gateways=gateways, clock=clock, remote_address="203.0.113.7")


@pytest.fixture
async def admin(visitor: Context) -> Context:
    return await entered(visitor)


async def entered(visitor: Context, code: str | None = None) -> Context:
    given = sign_in.Credentials(username="admin", password=PASSWORD, second_factor_code=code)
    signed_in = await sign_in.sign_in(visitor, given)
    return await coming(visitor, signed_in.tokens.access_token)


async def coming(visitor: Context, token: str) -> Context:
    actor, _ = await identity.asking(token, None, visitor.now(), Freshness())
    return replace(visitor, actor=actor)


async def changes(ctx: Context, person: Staff, client: ApiClient, front: Storefront) -> list[str]:
    """What each change of who can get in comes to."""
    draft = StaffDraft(
        username="backdoor",
        password="a quiet street in winter",
        name="B",
        grants=[GrantDraft(Role.ADMIN, "PLATFORM")],
    )
    hook = await Webhook.first() or Webhook(id=1)
    coroutines = [
        second_factors.set_up(ctx, None),
        second_factors.set_up(ctx, "123456"),
        second_factors.reset(ctx, ctx.staff_id or 0, "123456"),
        second_factors.reset(ctx, person.id, None),
        own_password.change(ctx, PASSWORD, "another-long-one"),
        staff.create(ctx, draft),
        staff_updates.update(ctx, StaffChange(staff_id=person.id, password=draft.password)),
        clients.create_api_client(ctx, "erp", ["*"], "PLATFORM"),
        clients.create_storefront(ctx, "App", Channel.APP, "PLATFORM"),
        client_updates.update_api_client(ctx, client.id, None, ["*"]),
        client_updates.rotate_secret(ctx, client.id, 0),
        client_updates.revoke_api_client(ctx, client.id, "none"),
        client_updates.update_storefront(ctx, front.id, None, False),
        storefront_upsert.upsert(ctx, [STOREFRONT], OnError.REJECT_ALL),
        staff_upsert.upsert(
            ctx, [StaffRow(username=person.username, name="P")], OnError.REJECT_ALL
        ),
        webhooks.create(ctx, "https://example.com/", ["*"], "PLATFORM"),
        webhooks.update(ctx, hook.id, webhooks.WebhookChanges(url="https://example.org/")),
        webhooks.rotate_secret(ctx, hook.id),
    ]
    results = []
    for each in coroutines:
        try:
            await each
            results.append("done")
        except QuintetError as error:
            results.append(error.code)
    return results


async def test_a_session_changes_who_can_get_in_only_while_it_is_confirmed(
    admin: Context, clock: Clock
) -> None:
    person = await make.staff((admin.actor.grants[0]).organisation_id, Role.CASHIER)
    client, _ = await clients.create_api_client(admin, "till", ["STOCK_READ"], "PLATFORM")
    front = await clients.create_storefront(admin, "App", Channel.APP, "PLATFORM")
    clock.tick(minutes=15, seconds=1)
    assert set(await changes(admin, person, client, front)) == {"CONFIRMATION_REQUIRED"}
    same = await Staff.get(id=admin.staff_id)
    assert same.encrypted_second_factor_secret is None
    assert await Staff.all().count() == 2
    assert [each.scopes for each in await ApiClient.all()] == [["STOCK_READ"]]
    assert [each.active for each in await Storefront.all()] == [True]
    assert await Webhook.all().count() == 0

    until = await confirmation.confirm(admin, PASSWORD, None)
    assert until == clock.moment + timedelta(minutes=15)
    again = await changes(admin, person, client, front)
    assert "CONFIRMATION_REQUIRED" not in again
    assert again.count("done") >= 8


async def test_a_refresh_makes_a_session_no_fresher(visitor: Context, clock: Clock) -> None:
    given = sign_in.Credentials(username="admin", password=PASSWORD)
    tokens = (await sign_in.sign_in(visitor, given)).tokens
    clock.tick(minutes=10)
    renewed, _ = await sessions.refresh(visitor, tokens.refresh_token)
    await second_factors.set_up(await coming(visitor, renewed.access_token), None)
    clock.tick(minutes=10)
    renewed, _ = await sessions.refresh(visitor, renewed.refresh_token)
    assert renewed.confirmed_at == NOON
    with pytest.raises(ConfirmationRequired):
        await second_factors.set_up(await coming(visitor, renewed.access_token), None)


async def test_a_session_of_an_earlier_version_is_confirmed_first(visitor: Context) -> None:
    given = sign_in.Credentials(username="admin", password=PASSWORD)
    tokens = (await sign_in.sign_in(visitor, given)).tokens
    await Session.filter(id=tokens.session_id).update(confirmed_at=None)
    with pytest.raises(ConfirmationRequired):
        await second_factors.set_up(await coming(visitor, tokens.access_token), None)


async def test_where_a_second_factor_is_on_it_is_asked_for_and_used_up(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret = (await second_factors.set_up(admin, None)).secret or ""
    await second_factors.set_up(admin, pyotp.TOTP(secret).at(clock.moment))
    clock.tick(hours=1)
    code = pyotp.TOTP(secret).at(clock.moment)
    with pytest.raises(SecondFactorRequired):
        await confirmation.confirm(admin, PASSWORD, None)
    for wrong in ((PASSWORD, "abcdef"), ("guess", code)):
        with pytest.raises(InvalidInput):
            await confirmation.confirm(admin, *wrong)
    with pytest.raises(ConfirmationRequired):
        await own_password.change(admin, PASSWORD, "another-long-one")
    await confirmation.confirm(admin, PASSWORD, code)
    with pytest.raises(InvalidInput):
        await confirmation.confirm(admin, PASSWORD, code)
    await own_password.change(admin, PASSWORD, "another-long-one")


async def test_a_thief_guesses_ten_times_and_slows_down_no_other_session(
    visitor: Context, admin: Context
) -> None:
    async def guess(n: int) -> str:
        try:
            await confirmation.confirm(admin, f"guess {n}", None)
        except QuintetError as error:
            return error.code
        return "CONFIRMED"

    answers = await asyncio.gather(*(guess(n) for n in range(30)))
    assert (answers.count("INVALID"), answers.count("RATE_LIMITED")) == (10, 20)
    owner = await entered(visitor)
    await confirmation.confirm(owner, PASSWORD, None)
    await own_password.change(owner, PASSWORD, "another-long-one")


async def test_an_ended_session_is_not_confirmed(admin: Context) -> None:
    await Session.filter(id=admin.actor.session_id).update(revoked_at=admin.now())
    with pytest.raises(Expired):
        await confirmation.confirm(admin, PASSWORD, None)


async def test_members_have_nothing_to_confirm(ctx: Context) -> None:
    member = make.as_member(ctx, await make.member(ctx))
    with pytest.raises(PermissionDenied):
        await confirmation.confirm(member, PASSWORD, None)


async def test_what_is_under_way_when_its_session_is_ended_comes_to_nothing(
    visitor: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thief's request waits for a password to be hashed, and meanwhile the owner ends the session."""
    thief, hashing = await entered(visitor), staff.hash_password

    async def meanwhile(password: str) -> str:
        await transaction(sessions.end_all, visitor, "STAFF", thief.staff_id)
        return await hashing(password)

    monkeypatch.setattr(staff, "hash_password", meanwhile)
    draft = StaffDraft(
        username="backdoor",
        password="a quiet street in winter",
        name="B",
        grants=[GrantDraft(Role.ADMIN, "PLATFORM")],
    )
    with pytest.raises(Expired):
        await staff.create(thief, draft)
    with pytest.raises(Expired):
        await clients.create_api_client(thief, "erp", ["*"], "PLATFORM")
    with pytest.raises(Expired):
        await storefront_upsert.upsert(thief, [STOREFRONT], OnError.REJECT_ALL)
    with pytest.raises(Expired):
        await webhooks.create(thief, "https://example.com/", ["*"], "PLATFORM")
    assert not await Staff.filter(username="backdoor").exists()
    assert await ApiClient.all().count() == await Webhook.all().count() == 0
    assert await Storefront.all().count() == 0


@pytest.mark.parametrize("way", ["active", "password", "grants"])
async def test_of_two_administrators_who_take_each_other_away_one_stays(
    ctx: Context, visitor: Context, way: str
) -> None:
    root = await entered(visitor)
    platform = root.actor.grants[0].organisation_id
    for _ in range(3):
        people = [await make.staff(platform, Role.ADMIN) for _ in range(2)]
        acting = []
        for person in people:
            tokens = await transaction(sessions.issue_to_staff, visitor, person)
            acting.append(await coming(visitor, tokens.access_token))
        change = {
            "active": {"active": False},
            "password": {"password": "a quiet street in winter"},
            "grants": {"grants": [GrantDraft(Role.GUIDE, "PLATFORM")]},
        }[way]
        results = await asyncio.gather(
            *(
                staff_updates.update(mine, StaffChange(staff_id=other.id, **change))  # type: ignore[arg-type]
                for mine, other in zip(acting, reversed(people), strict=True)
            ),
            return_exceptions=True,
        )
        refused = [each for each in results if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [Expired]
        kept = await Session.filter(
            subject_id__in=[each.id for each in people], revoked_at=None
        ).count()
        assert kept == 1
