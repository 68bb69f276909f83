"""Staff who set their own first password by a token that was sent to their phone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from gateways import CodeMessage, GatewayError, InvitationMessage
from gateways.rate_limits import MemoryRateLimits
from models.accounts.clients import ApiClient
from models.accounts.organisations import Organisation
from models.accounts.passwords import NO_PASSWORD, token_hash, verify_password
from models.accounts.roles import Role
from models.accounts.sessions import Session
from models.accounts.staff import Staff, StaffGrant, StaffInvitation
from models.errors import (
    Expired,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    QuintetError,
    RateLimited,
    StateConflict,
)
from models.jobs import Job
from resolvers.accounts.sign_in import invitations as sign_in
from resolvers.accounts.sign_in import staff as staff_sign_in
from resolvers.accounts.staff import invitations, updates
from resolvers.accounts.staff.invitations import HANDLERS, PER_INVITER, PER_PHONE
from resolvers.accounts.staff.staff import GrantDraft, StaffDraft
from resolvers.accounts.staff.updates import StaffChange
from resolvers.background.jobs import run_due
from resolvers.context import Actor, Context
from tests.make.goods import a_merchant, erp_of

PHONE, PASSWORD = "+8613800138001", "a river that is quiet"
WRONG = "qi_nobody-has-this-token"


@dataclass
class Phones:
    """A gateway that keeps what it is given, or refuses it."""

    sent: list[InvitationMessage] = field(default_factory=list)
    refuses: bool = False
    delivers = True

    async def send_code(self, message: CodeMessage) -> None:
        raise AssertionError("no code was asked for")

    async def send_invitation(self, message: InvitationMessage) -> None:
        if self.refuses:
            raise GatewayError("out of order")
        self.sent.append(message)


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
async def office(ctx: Context, phones: Phones) -> Context:
    """A machine that may do everything at a merchant."""
    merchant = await a_merchant("M")
    machine = await ApiClient.create(
        name="directory", secret_hash="-", scopes=[], organisation_id=merchant.id
    )
    limits = MemoryRateLimits()
    gateways = replace(ctx.gateways, sms=phones, rate_limits=limits)
    found = erp_of(replace(ctx, gateways=gateways), merchant)
    return replace(found, actor=replace(found.actor, id=machine.id))


def visitor(ctx: Context) -> Context:
    return replace(ctx, actor=Actor(), memory={}, remote_address="203.0.113.7")


def a_draft(username: str = "li", role: Role = Role.GUIDE, **given: str) -> StaffDraft:
    grants = [GrantDraft(role, given.pop("at", "M"))]
    return StaffDraft(
        username=username, password="", name="Li", grants=grants, phone=given.pop("phone", PHONE)
    )


async def deliver(ctx: Context) -> int:
    return await run_due(ctx, HANDLERS)


async def invited(office: Context, phones: Phones) -> tuple[Staff, str]:
    """Somebody who has the message, and its token."""
    person = await invitations.invite(office, a_draft())
    assert await deliver(office) == 1
    return person, phones.sent[-1].token


async def test_an_invitation_sets_the_first_password_once_and_signs_in(
    office: Context, phones: Phones
) -> None:
    person, token = await invited(office, phones)
    assert [message.phone for message in phones.sent] == [PHONE]
    entered = await sign_in.accept(visitor(office), token, PASSWORD)
    row = await Staff.get(id=person.id)
    assert entered.staff.id == row.id
    assert await verify_password(PASSWORD, row.password_hash)
    assert await Session.filter(subject_id=row.id, revoked_at=None).count() == 1
    known = staff_sign_in.Credentials(
        username="li", password=PASSWORD, device_token=entered.device_token
    )
    assert (await staff_sign_in.sign_in(visitor(office), known)).staff.id == row.id
    with pytest.raises(Expired):
        await sign_in.accept(visitor(office), token, "another river that is quiet")
    assert (await Staff.get(id=row.id)).password_hash == row.password_hash


async def test_nobody_signs_in_before_accepting(office: Context, phones: Phones) -> None:
    person, _ = await invited(office, phones)
    assert (await Staff.get(id=person.id)).password_hash == NO_PASSWORD
    for password in ("", PASSWORD):
        given = staff_sign_in.Credentials(username="li", password=password)
        with pytest.raises(InvalidInput):
            await staff_sign_in.sign_in(visitor(office), given)
    assert not await Session.all().exists()


async def test_the_token_is_at_rest_as_a_hash_alone(office: Context, phones: Phones) -> None:
    await invitations.invite(office, a_draft())
    (job,) = await Job.all()
    assert set(job.payload) == {"invitationId"}
    await deliver(office)
    (message,), (row,) = phones.sent, await StaffInvitation.all()
    assert row.token_hash == token_hash(message.token)
    columns = json.dumps(
        [await StaffInvitation.all().values(), await Staff.all().values()], default=str
    )
    assert message.token not in columns
    assert (row.sent_at is None, message.expires_at) == (False, row.expires_at)


async def test_a_message_leads_to_the_page_of_the_settings(office: Context, phones: Phones) -> None:
    _, token = await invited(office, phones)
    assert phones.sent[-1].url == ""
    page = replace(office.settings, invitation_url="https://console.example/invited")
    await invitations.invite(replace(office, settings=page), a_draft("wang"))
    await deliver(replace(office, settings=page))
    assert phones.sent[-1].url == f"https://console.example/invited#{phones.sent[-1].token}"
    assert phones.sent[-1].token != token


async def test_a_message_that_cannot_be_sent_is_sent_later(office: Context, phones: Phones) -> None:
    phones.refuses = True
    person = await invitations.invite(office, a_draft())
    assert await deliver(office) == 0
    assert (await StaffInvitation.get(staff_id=person.id)).sent_at is None
    phones.refuses = False
    later = replace(office, clock=lambda: office.clock() + timedelta(hours=2))
    assert await deliver(later) == 1
    assert await deliver(later) == 0
    (message,) = phones.sent
    await sign_in.accept(visitor(office), message.token, PASSWORD)


async def test_a_job_that_runs_again_sends_nothing_again(office: Context, phones: Phones) -> None:
    person, token = await invited(office, phones)
    row = await StaffInvitation.get(staff_id=person.id)
    await invitations.send(office, {"invitationId": row.id})
    assert len(phones.sent) == 1
    await sign_in.accept(visitor(office), token, PASSWORD)


async def test_of_parallel_acceptances_one_holds(office: Context, phones: Phones) -> None:
    person, token = await invited(office, phones)
    passwords = [f"a river that is quiet {number}" for number in range(4)]
    results = await asyncio.gather(
        *(sign_in.accept(visitor(office), token, each) for each in passwords),
        return_exceptions=True,
    )
    won = [each for each, result in zip(passwords, results, strict=True) if not _lost(result)]
    assert len(won) == 1
    row = await Staff.get(id=person.id)
    assert await verify_password(won[0], row.password_hash)
    assert await Session.filter(subject_id=row.id).count() == 1


def _lost(result: object) -> bool:
    assert not isinstance(result, BaseException) or isinstance(result, Expired), result
    return isinstance(result, Expired)


async def test_an_acceptance_and_a_revocation_at_once_leave_one_of_both(
    office: Context, phones: Phones
) -> None:
    for number in range(4):
        person = await invitations.invite(
            office, a_draft(f"li{number}", phone=f"1380013800{number}")
        )
        await deliver(office)
        results = await asyncio.gather(
            sign_in.accept(visitor(office), phones.sent[-1].token, PASSWORD),
            invitations.revoke(office, person.id),
            return_exceptions=True,
        )
        refused = [each for each in results if isinstance(each, QuintetError)]
        assert len(refused) == 1, results
        row = await StaffInvitation.get(staff_id=person.id)
        assert (row.accepted_at is None) != (row.revoked_at is None)
        accepted = (await Staff.get(id=person.id)).password_hash != NO_PASSWORD
        assert accepted == (row.accepted_at is not None)


Change = Callable[[Context, int], Awaitable[object]]


async def _another(ctx: Context, staff_id: int) -> None:
    await invitations.send_again(ctx, staff_id)


async def _revoked(ctx: Context, staff_id: int) -> None:
    await invitations.revoke(ctx, staff_id)


async def _password(ctx: Context, staff_id: int) -> None:
    await updates.update(ctx, StaffChange(staff_id=staff_id, password="a lake that is not deep"))


async def _phone(ctx: Context, staff_id: int) -> None:
    await updates.update(ctx, StaffChange(staff_id=staff_id, phone="13800138009"))


async def _no_phone(ctx: Context, staff_id: int) -> None:
    await updates.update(ctx, StaffChange(staff_id=staff_id, phone=None))


async def _inactive(ctx: Context, staff_id: int) -> None:
    await updates.update(ctx, StaffChange(staff_id=staff_id, active=False))


@pytest.mark.parametrize("change", [_another, _revoked, _password, _phone, _no_phone, _inactive])
async def test_what_makes_an_invitation_void(
    office: Context, phones: Phones, change: Change
) -> None:
    person, token = await invited(office, phones)
    await change(office, person.id)
    before = (await Staff.get(id=person.id)).password_hash
    with pytest.raises(Expired):
        await sign_in.accept(visitor(office), token, PASSWORD)
    assert (await Staff.get(id=person.id)).password_hash == before
    assert not await Session.filter(subject_id=person.id).exists()


async def test_one_that_is_too_old_is_void_and_is_not_sent_any_more(
    office: Context, phones: Phones
) -> None:
    _, token = await invited(office, phones)
    hours = office.settings.invitation_hours
    late = replace(office, clock=lambda: office.clock() + timedelta(hours=hours, seconds=1))
    with pytest.raises(Expired):
        await sign_in.accept(visitor(late), token, PASSWORD)
    await invitations.invite(office, a_draft("wang"))
    assert await deliver(late) == 1
    assert len(phones.sent) == 1


async def test_what_is_no_good_is_refused_in_the_same_words(
    office: Context, phones: Phones
) -> None:
    person, used = await invited(office, phones)
    await sign_in.accept(visitor(office), used, PASSWORD)
    other = await invitations.invite(office, a_draft("wang"))
    await deliver(office)
    await invitations.revoke(office, other.id)
    said = set()
    for token in (WRONG, "", used, phones.sent[-1].token):
        with pytest.raises(Expired) as refused:
            await sign_in.accept(visitor(office), token, "x")  # too short, which nobody is told
        said.add((str(refused.value), refused.value.path))
    assert len(said) == 1
    assert person.username not in said.pop()[0]


async def test_a_weak_password_uses_the_token_not_up(office: Context, phones: Phones) -> None:
    person, token = await invited(office, phones)
    for weak in ("short", "Password1234!", "li-li-li-li-li-li"):
        with pytest.raises(InvalidInput) as refused:
            await sign_in.accept(visitor(office), token, weak)
        assert refused.value.path == ("password",)
    assert (await Staff.get(id=person.id)).password_hash == NO_PASSWORD
    await sign_in.accept(visitor(office), token, PASSWORD)


async def test_wrong_tokens_are_counted_before_they_are_looked_up(
    office: Context, phones: Phones, count_statements: Callable[[], object]
) -> None:
    _, token = await invited(office, phones)
    results = await asyncio.gather(
        *(
            sign_in.accept(visitor(office), WRONG, PASSWORD)
            for _ in range(sign_in.WRONG_TOKENS + 20)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Expired) for each in results) == sign_in.WRONG_TOKENS
    assert sum(isinstance(each, RateLimited) for each in results) == 20
    with count_statements() as statements, pytest.raises(RateLimited):  # type: ignore[attr-defined]
        await sign_in.accept(visitor(office), token, PASSWORD)
    assert not any("staff_invitation" in each for each in statements)
    elsewhere = replace(visitor(office), remote_address="198.51.100.9")
    await sign_in.accept(elsewhere, token, PASSWORD)


async def test_one_phone_gets_so_many_messages_a_day(office: Context, phones: Phones) -> None:
    person, _ = await invited(office, phones)
    for _ in range(PER_PHONE - 1):
        await invitations.send_again(office, person.id)
    with pytest.raises(LimitExceeded):
        await invitations.send_again(office, person.id)
    with pytest.raises(LimitExceeded):
        await invitations.invite(office, a_draft("wang"))
    assert not await Staff.filter(username="wang").exists()
    assert await StaffInvitation.open_at(office.clock()).count() == 1
    await invitations.invite(office, a_draft("wang", phone="13800138002"))


async def test_one_inviter_sends_so_many_messages_an_hour(office: Context) -> None:
    people = [a_draft(f"p{n}", phone=f"138001{n:05}") for n in range(PER_INVITER + 1)]
    for each in people[:-1]:
        await invitations.invite(office, each)
    with pytest.raises(LimitExceeded):
        await invitations.invite(office, people[-1])


async def test_what_is_refused_is_not_counted(office: Context) -> None:
    for _ in range(2 * PER_PHONE):
        with pytest.raises(NotFound):
            await invitations.invite(office, a_draft(at="NOWHERE"))
    await invitations.invite(office, a_draft())
    assert await StaffInvitation.all().count() == 1


async def test_who_may_not_add_staff_invites_nobody(office: Context, phones: Phones) -> None:
    merchant = await Organisation.get(code="M")
    guide = erp_of(office, merchant, Role.GUIDE)
    other = erp_of(office, await a_merchant("OTHER"))
    person, token = await invited(office, phones)
    for use in (invitations.send_again, invitations.revoke):
        with pytest.raises(PermissionDenied):
            await use(guide, person.id)
        with pytest.raises(NotFound):
            await use(other, person.id)
    with pytest.raises(PermissionDenied):
        await invitations.invite(guide, a_draft("wang"))
    with pytest.raises(NotFound):
        await invitations.invite(other, a_draft("wang", phone="13800138002"))
    assert not await Staff.filter(username="wang").exists()
    assert await invitations.latest_of(other, [person.id]) == {}
    assert await invitations.latest_of(visitor(office), [person.id]) == {}
    await sign_in.accept(visitor(office), token, PASSWORD)


async def test_who_may_do_more_is_out_of_reach(office: Context, phones: Phones) -> None:
    person, token = await invited(office, phones)
    platform = await Organisation.get(code="PLATFORM")
    await StaffGrant.create(staff_id=person.id, role=Role.ADMIN, organisation_id=platform.id)
    for use in (invitations.send_again, invitations.revoke):
        with pytest.raises(NotFound):
            await use(office, person.id)
    assert len(phones.sent) == 1
    await sign_in.accept(visitor(office), token, PASSWORD)


async def test_only_who_has_no_password_a_phone_and_is_active_is_invited_again(
    office: Context, phones: Phones
) -> None:
    person, token = await invited(office, phones)
    await sign_in.accept(visitor(office), token, PASSWORD)
    with pytest.raises(StateConflict, match="password"):
        await invitations.send_again(office, person.id)
    await Staff.filter(id=person.id).update(password_hash=NO_PASSWORD, active=False)
    with pytest.raises(StateConflict, match="switched off"):
        await invitations.send_again(office, person.id)
    await Staff.filter(id=person.id).update(active=True, encrypted_phone=None)
    with pytest.raises(InvalidInput, match="no phone"):
        await invitations.send_again(office, person.id)
    assert len(phones.sent) == 1


async def test_the_rows_say_who_let_whom_in(office: Context, phones: Phones) -> None:
    person, _ = await invited(office, phones)
    await invitations.send_again(office, person.id)
    await deliver(office)
    await sign_in.accept(visitor(office), phones.sent[-1].token, PASSWORD)
    first, second = await StaffInvitation.filter(staff_id=person.id).order_by("id")
    assert {each.inviter_kind for each in (first, second)} == {"API_CLIENT"}
    assert {each.inviter_id for each in (first, second)} == {office.actor.id}
    assert (first.revoker_kind, first.revoker_id) == ("API_CLIENT", office.actor.id)
    assert first.accepted_at is None
    assert (second.revoked_at, second.accepted_at is None) == (None, False)
    with pytest.raises(StateConflict):
        await invitations.revoke(office, person.id)


async def test_the_invitations_of_many_take_a_fixed_number_of_statements(
    office: Context, count_statements: Callable[[], object]
) -> None:
    people = [
        await invitations.invite(office, a_draft(f"p{n}", phone=f"1380013801{n}")) for n in range(6)
    ]
    ids = [each.id for each in people]
    with count_statements() as one:  # type: ignore[attr-defined]
        assert len(await invitations.latest_of(office, ids[:1])) == 1
    with count_statements() as all_of_them:  # type: ignore[attr-defined]
        assert len(await invitations.latest_of(office, ids)) == 6
    assert len(one) == len(all_of_them)
