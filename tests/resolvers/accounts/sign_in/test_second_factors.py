from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from gateways.rate_limits import MemoryRateLimits
from models.accounts.organisations import Organisation
from models.accounts.roles import Role
from models.accounts.sessions import Session
from models.accounts.staff import RecoveryCode, Staff
from models.database import fetch, transaction
from models.errors import (
    Expired,
    InvalidInput,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    QuintetError,
    RateLimited,
    StateConflict,
)
from models.read_consistency import Freshness
from resolvers.accounts import identity, own_sessions, sessions
from resolvers.accounts.organisations import organisations
from resolvers.accounts.sign_in import confirmation, own_password, second_factors
from resolvers.accounts.sign_in import staff as sign_in
from resolvers.accounts.sign_in.second_factors import SecondFactor
from resolvers.context import Actor, ActorKind, Context
from tests.make import members as make
from tests.make.goods import a_merchant

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
PASSWORD = "admin-password"
DEMANDING = frozenset({Role.ADMIN})


class Clock:
    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def tick(self, seconds: int = 30) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def visitor(ctx: Context, clock: Clock) -> Context:
    limits = MemoryRateLimits(clock.seconds)
    gateways = replace(ctx.gateways, rate_limits=limits)
    return replace(ctx, actor=Actor(), gateways=gateways, clock=clock, remote_address="203.0.113.7")


@pytest.fixture
async def admin(visitor: Context) -> Context:
    row = await Staff.get(username="admin")
    tokens = await transaction(sessions.issue_to_staff, visitor, row)
    return await signed_in(visitor, tokens.access_token)


async def signed_in(visitor: Context, token: str, roles: frozenset[Role] = frozenset()) -> Context:
    actor, _ = await identity.asking(token, None, visitor.now(), Freshness(), roles)
    return replace(visitor, actor=actor)


async def switched_on(admin: Context, clock: Clock) -> tuple[str, SecondFactor]:
    offered = await second_factors.set_up(admin, None)
    assert offered.secret is not None
    factor = await second_factors.set_up(admin, code_of(offered.secret, clock))
    clock.tick()
    return offered.secret, factor


def code_of(secret: str, clock: Clock) -> str:
    return pyotp.TOTP(secret).at(clock.moment)


async def enter(visitor: Context, code: str | None = None, password: str = PASSWORD) -> str:
    given = sign_in.Credentials(username="admin", password=password, second_factor_code=code)
    try:
        return (await sign_in.sign_in(visitor, given)).tokens.access_token
    except QuintetError as error:
        return error.code


async def test_it_is_offered_first_and_on_once_a_code_of_it_is_shown(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    with pytest.raises(StateConflict):
        await second_factors.set_up(admin, "123456")
    offered = await second_factors.set_up(admin, None)
    assert not offered.enabled
    assert (offered.qr_svg or "").startswith("<svg")
    assert (await enter(visitor)).startswith("qa_")
    with pytest.raises(InvalidInput) as refused:
        await second_factors.set_up(admin, "abcdef")
    assert refused.value.path == ("code",)
    _, factor = await switched_on(admin, clock)
    assert factor.enabled
    assert len(set(factor.recovery_codes)) == 10
    assert await enter(visitor) == "SECOND_FACTOR_REQUIRED"
    for code in (None, "123456"):
        with pytest.raises(StateConflict):
            await second_factors.set_up(admin, code)


async def test_nothing_of_it_is_kept_in_the_clear(admin: Context, clock: Clock) -> None:
    secret, factor = await switched_on(admin, clock)
    (row,) = await fetch("SELECT encrypted_second_factor_secret AS kept FROM staff WHERE id = 1")
    assert secret not in row["kept"]
    kept = [each.code_hash for each in await RecoveryCode.all()]
    assert not set(kept) & set(factor.recovery_codes)


async def test_a_code_is_good_once(visitor: Context, admin: Context, clock: Clock) -> None:
    secret, _ = await switched_on(admin, clock)
    code = code_of(secret, clock)
    answers = await asyncio.gather(*(enter(visitor, code) for _ in range(5)))
    assert sum(answer.startswith("qa_") for answer in answers) == 1
    assert answers.count("INVALID") == 4
    assert await enter(visitor, code) == "INVALID"
    clock.tick()
    assert (await enter(visitor, code_of(secret, clock))).startswith("qa_")
    assert await enter(visitor, code) == "INVALID"  # an earlier step


async def test_each_recovery_code_is_good_once(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    _, factor = await switched_on(admin, clock)
    first, second, *_ = factor.recovery_codes
    answers = await asyncio.gather(*(enter(visitor, first) for _ in range(5)))
    assert sum(answer.startswith("qa_") for answer in answers) == 1
    assert (await enter(visitor, second.lower().replace("-", " "))).startswith("qa_")
    assert await enter(visitor, second) == "INVALID"


async def test_codes_are_guessed_ten_times_by_who_has_the_password(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    right = code_of(secret, clock)

    def place(n: int) -> Context:
        return replace(visitor, remote_address=f"10.0.0.{n}")

    guesses = [f"{(int(right) + n) % 1_000_000:06d}" for n in range(1, 31)]
    answers = await asyncio.gather(*(enter(place(n), each) for n, each in enumerate(guesses)))
    assert answers.count("INVALID") == 10
    assert answers.count("RATE_LIMITED") == 20
    assert await enter(place(99), right) == "RATE_LIMITED"


async def test_a_wrong_password_does_not_use_codes_up(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    stranger = replace(visitor, remote_address="198.51.100.1")
    code = code_of(secret, clock)
    for _ in range(12):
        await enter(stranger, code, "guess")
    assert (await enter(visitor, code)).startswith("qa_")


async def test_who_has_a_code_is_not_slowed_down_by_strangers(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    given = sign_in.Credentials(username="admin", password="guess")
    origin = await sign_in.origins.origin_of(visitor, given.subject, None)
    strangers = sign_in.limits_of(visitor, given, origin)[2:]
    assert len(strangers) == 1
    while await visitor.gateways.rate_limits.take(strangers) == 0:
        pass
    assert await enter(visitor) == "RATE_LIMITED"
    assert await enter(visitor, "000000") == "RATE_LIMITED"
    assert (await enter(visitor, code_of(secret, clock))).startswith("qa_")


async def test_switching_it_on_ends_the_other_sessions(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    other = await enter(visitor)
    await switched_on(admin, clock)
    with pytest.raises(NotSignedIn):
        await signed_in(visitor, other)
    assert await Session.filter(id=admin.actor.session_id, revoked_at=None).exists()


async def test_ones_own_is_switched_off_with_a_code_alone(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, factor = await switched_on(admin, clock)
    staff_id = admin.actor.id or 0
    for code in (None, "", "abcdef"):
        with pytest.raises(InvalidInput) as refused:
            await second_factors.reset(admin, staff_id, code)
        assert refused.value.path == ("code",)
    await second_factors.reset(admin, staff_id, factor.recovery_codes[9])
    assert (await enter(visitor)).startswith("qa_")
    assert await RecoveryCode.all().count() == 0
    with pytest.raises(StateConflict):
        await second_factors.reset(admin, staff_id, code_of(secret, clock))


async def test_a_role_that_asks_for_one_may_nothing_before_it_is_set(
    visitor: Context, clock: Clock
) -> None:
    token = await enter(visitor)
    waiting = await signed_in(visitor, token, DEMANDING)
    assert waiting.actor.lacks_second_factor
    assert waiting.actor.permissions == frozenset()
    draft = organisations.OrganisationDraft(code="X", name="X", kind="MERCHANT", parent_code=None)  # type: ignore[arg-type]
    with pytest.raises(PermissionDenied, match="second factor"):
        await organisations.upsert(waiting, draft)
    await switched_on(waiting, clock)
    ready = await signed_in(visitor, token, DEMANDING)
    assert ready.actor.permissions
    assert not ready.actor.lacks_second_factor


async def test_other_roles_are_not_asked(visitor: Context) -> None:
    acting = await signed_in(visitor, await enter(visitor), frozenset({Role.FINANCE}))
    assert acting.actor.permissions


async def test_what_staff_left_to_be_done_later_asks_for_it_too(
    admin: Context, clock: Clock
) -> None:
    later = await identity.actor_by_id(ActorKind.STAFF, admin.staff_id, DEMANDING)
    assert later.lacks_second_factor
    assert later.permissions == frozenset()
    await switched_on(admin, clock)
    later = await identity.actor_by_id(ActorKind.STAFF, admin.staff_id, DEMANDING)
    assert later.permissions == admin.actor.permissions


async def test_who_shows_a_right_password_while_codes_must_wait_has_guessed_nothing(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    for _ in range(10):
        with pytest.raises(InvalidInput):
            await confirmation.confirm(admin, PASSWORD, "abcdef")
    right = code_of(secret, clock)
    assert {await enter(visitor, right) for _ in range(12)} == {"RATE_LIMITED"}
    assert await enter(visitor) == "SECOND_FACTOR_REQUIRED"


async def test_who_comes_to_do_more_at_that_moment_is_out_of_a_managers_reach(
    ctx: Context, visitor: Context, clock: Clock
) -> None:
    platform = await Organisation.get(code="PLATFORM")
    merchant = await a_merchant("CHAIN")
    boss, cashier = (
        await make.staff(merchant.id, Role.ADMIN),
        await make.staff(merchant.id, Role.CASHIER),
    )
    acting = replace(visitor, actor=(await make.as_staff(visitor, boss)).actor)
    tokens = await transaction(sessions.issue_to_staff, visitor, cashier)
    await switched_on(await signed_in(visitor, tokens.access_token), clock)
    begun = asyncio.Event()

    async def promote() -> None:
        await Staff.select_for_update().get(id=cashier.id)
        await make.grant(cashier, platform.id, Role.ADMIN)
        begun.set()
        await asyncio.sleep(0.3)

    promoting = asyncio.create_task(transaction(promote))
    await begun.wait()
    answers = await asyncio.gather(
        answer(second_factors.reset(acting, cashier.id, None)),
        answer(own_sessions.end_of_staff(acting, cashier.id)),
    )
    await promoting
    assert answers == ["NOT_FOUND", "FORBIDDEN"]
    assert (await Staff.get(id=cashier.id)).second_factor_at is not None
    assert await Session.filter(id=tokens.session_id, revoked_at=None).exists()


async def test_a_manager_resets_only_who_may_no_more_than_they(
    ctx: Context, visitor: Context, admin: Context, clock: Clock
) -> None:
    """An administrator of one merchant resets a cashier there, but neither the platform's nor a stranger."""
    await switched_on(admin, clock)
    merchant = await a_merchant("CHAIN")
    boss, cashier = (
        await make.staff(merchant.id, Role.ADMIN),
        await make.staff(merchant.id, Role.CASHIER),
    )
    acting = replace(visitor, actor=(await make.as_staff(visitor, boss)).actor)
    with pytest.raises(NotFound):
        await second_factors.reset(acting, admin.actor.id or 0, None)
    with pytest.raises(NotFound):
        await second_factors.reset(acting, 10**9, None)
    assert (await Staff.get(id=admin.actor.id)).second_factor_at is not None
    clerk = replace(visitor, actor=(await make.as_staff(visitor, cashier)).actor)
    await switched_on(clerk, clock)
    assert await second_factors.seen_of(acting, [cashier, await Staff.get(username="admin")]) == [
        False,
        None,
    ]
    assert (await second_factors.reset(acting, cashier.id, None)).second_factor_at is None
    with pytest.raises(PermissionDenied, match="STAFF_WRITE"):
        await second_factors.reset(clerk, boss.id, None)
    with pytest.raises(PermissionDenied, match="STAFF_WRITE"):
        await second_factors.reset(clerk, 10**9, None)


async def test_visitors_and_members_have_none(visitor: Context, ctx: Context) -> None:
    with pytest.raises(NotSignedIn):
        await second_factors.set_up(visitor, None)
    member = make.as_member(ctx, await make.member(ctx))
    with pytest.raises(PermissionDenied):
        await second_factors.set_up(member, None)
    with pytest.raises(PermissionDenied):
        await second_factors.reset(member, 1, None)
    with pytest.raises(PermissionDenied):
        await own_password.change(member, PASSWORD, "another-long-one")


async def test_a_password_is_changed_by_who_knows_it(visitor: Context, admin: Context) -> None:
    other = await enter(visitor)
    for given, path in [
        (("wrong", "another-long-one"), "password"),
        ((PASSWORD, "short"), "newPassword"),
        ((PASSWORD, "admin-admin-admin"), "newPassword"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            await own_password.change(admin, *given)
        assert refused.value.path == (path,)
    await own_password.change(admin, PASSWORD, "another-long-one")
    with pytest.raises(NotSignedIn):
        await signed_in(visitor, other)
    assert await Session.filter(id=admin.actor.session_id, revoked_at=None).exists()
    assert await enter(visitor) == "INVALID"
    assert (await enter(visitor, None, "another-long-one")).startswith("qa_")


async def test_a_stolen_session_does_not_guess_the_password(admin: Context) -> None:
    async def guess(n: int) -> str:
        try:
            await own_password.change(admin, f"guess {n}", "another-long-one")
        except QuintetError as error:
            return error.code
        return "CHANGED"

    answers = await asyncio.gather(*(guess(n) for n in range(30)))
    assert answers.count("INVALID") == 10
    assert answers.count("RATE_LIMITED") == 20
    with pytest.raises(RateLimited):
        await own_password.change(admin, PASSWORD, "another-long-one")


async def test_codes_cannot_be_tried_out_beside_a_wrong_password(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    given = sign_in.Credentials(username="admin", password="guess")
    origin = await sign_in.origins.origin_of(visitor, given.subject, None)
    strangers = sign_in.limits_of(visitor, given, origin)[2:]
    while await visitor.gateways.rate_limits.take(strangers) == 0:
        pass
    right = code_of(secret, clock)
    for number in range(1, 11):
        wrong = f"{(int(right) + number) % 1_000_000:06d}"
        assert await enter(visitor, wrong, "guess") == "RATE_LIMITED"
    assert await enter(visitor, right, "guess") == "RATE_LIMITED", "it tells a right code no longer"


async def test_a_sign_in_that_overlaps_with_switching_it_on_opens_nothing(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    verified = await Staff.get(username="admin")
    await switched_on(admin, clock)
    with pytest.raises(Expired):
        await transaction(sessions.issue_to_staff, visitor, verified)
    assert await Session.filter(revoked_at=None).exclude(id=admin.actor.session_id).count() == 0


@pytest.mark.parametrize("meanwhile", ["password_hash", "revoked_at", "active"])
async def test_a_change_that_overlaps_with_a_managers_changes_nothing(
    admin: Context, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    hashing = own_password.hash_password

    async def managed(password: str) -> str:
        if meanwhile == "revoked_at":
            await Session.filter(id=admin.actor.session_id).update(revoked_at=admin.now())
        else:
            value = "other" if meanwhile == "password_hash" else False
            await Staff.filter(id=admin.staff_id).update(**{meanwhile: value})
        return await hashing(password)

    before = await Staff.get(id=admin.staff_id)
    monkeypatch.setattr(own_password, "hash_password", managed)
    with pytest.raises(Expired):
        await own_password.change(admin, PASSWORD, "an-entirely-other-password")
    after = await Staff.get(id=admin.staff_id)
    kept = "other" if meanwhile == "password_hash" else before.password_hash
    assert after.password_hash == kept


async def test_an_ended_session_switches_nothing_on(admin: Context) -> None:
    await second_factors.set_up(admin, None)
    await Session.filter(id=admin.actor.session_id).update(revoked_at=admin.now())
    with pytest.raises(Expired):
        await second_factors.set_up(admin, None)


async def test_a_password_without_its_code_is_no_failed_sign_in(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    """Thirty people at one address sign in one after another, each in two steps."""
    secret, _ = await switched_on(admin, clock)
    for _ in range(visitor.settings.sign_in_tries_per_address + 1):
        clock.tick()
        assert await enter(visitor) == "SECOND_FACTOR_REQUIRED"
        assert (await enter(visitor, code_of(secret, clock))).startswith("qa_")
    assert await enter(replace(visitor, remote_address="203.0.113.8")) == "SECOND_FACTOR_REQUIRED"


async def test_a_namesake_in_other_letters_gives_no_tries_back(visitor: Context) -> None:
    """Whoever may create `Admin` signs in as that between guesses at `admin`."""
    root = await Staff.get(username="admin")
    await Staff.create(username="Admin", name="A", password_hash=root.password_hash)
    namesake = sign_in.Credentials(username="Admin", password=PASSWORD)
    answers = []
    for n in range(12):
        answers.append(await enter(visitor, None, f"guess {n}"))
        await sign_in.sign_in(visitor, namesake)
    assert answers == ["INVALID"] * 10 + ["RATE_LIMITED"] * 2
    given = sign_in.Credentials(username="admin", password=PASSWORD)
    assert not (await sign_in.origins.origin_of(visitor, given.subject, None)).is_known


async def test_codes_are_guessed_ten_times_wherever_they_are_shown(
    visitor: Context, admin: Context, clock: Clock
) -> None:
    secret, _ = await switched_on(admin, clock)
    right, staff_id = code_of(secret, clock), admin.staff_id or 0
    answers: list[str] = []
    for number in range(1, 13):
        wrong = f"{(int(right) + number) % 1_000_000:06d}"
        if number % 3 == 0:
            answers.append(await enter(visitor, wrong))
        elif number % 3 == 1:
            answers.append(await answer(second_factors.reset(admin, staff_id, wrong)))
        else:
            answers.append(await answer(confirmation.confirm(admin, PASSWORD, wrong)))
    assert answers == ["INVALID"] * 10 + ["RATE_LIMITED"] * 2


async def answer(attempt: Coroutine[Any, Any, object]) -> str:
    try:
        await attempt
    except QuintetError as error:
        return error.code
    return "DONE"


@pytest.mark.parametrize("username", ["nobody", "gone"])
async def test_an_unknown_name_and_one_that_is_off_answer_alike_and_count_alike(
    visitor: Context, username: str
) -> None:
    root = await Staff.get(username="admin")
    await Staff.create(username="gone", name="G", password_hash=root.password_hash, active=False)
    given = sign_in.Credentials(username=username, password=PASSWORD, second_factor_code="123456")
    seen = []
    for _ in range(11):
        try:
            await sign_in.sign_in(visitor, given)
        except QuintetError as error:
            seen.append((error.code, str(error), getattr(error, "path", None)))
    wrong = ("INVALID", "Username or password is wrong.", ("password",))
    assert seen[:10] == [wrong] * 10
    assert seen[10][:2] == (
        "RATE_LIMITED",
        "Too many failed sign-ins. Try again in 30 seconds.",
    )
