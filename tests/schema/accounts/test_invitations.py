"""Inviting staff over HTTP: from headquarters' list to the person's own session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from gateways.wiring import make_gateways
from models.accounts.sessions import Session
from resolvers.accounts.staff.invitations import HANDLERS
from resolvers.background.jobs import run_due
from resolvers.context import SYSTEM, Context
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff, staffed_store

PASSWORD = "a river that is quiet"
OPEN = "{ staff(filter: { invited: true }) { totalCount edges { node { username } } } }"
STATUS = """query($id: ID!) { node(id: $id) { ... on Staff {
  invitation { status sentAt acceptedAt revokedAt invitedBy { ... on Staff { username } } } } } }"""


async def merchant(api: Api) -> Api:
    """An administrator of a merchant that has one store."""
    platform = await api.staff()
    given = {"code": "M", "name": "M", "kind": "MERCHANT"}
    await platform.do(document("hq/organisation_upsert"), input=given)
    admin = await staff(platform, "M", "ADMIN")
    await staffed_store(admin, "S1", "MANAGER")
    return admin


def an_invitation(username: str = "li", **given: Any) -> dict[str, Any]:
    grants = [{"role": "GUIDE", "organisationCode": "S1"}]
    return {"username": username, "name": "Li", "phone": "13800138001", "grants": grants, **given}


async def deliver(api: Api) -> list[str]:
    """Send what is due, as a worker does; the tokens that phones have got so far."""
    settings = api.settings
    await run_due(
        Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM), HANDLERS
    )
    return [each["invitation"] for each in api.codes_sent() if "invitation" in each]


async def accept(api: Api, token: str, password: str = PASSWORD) -> Any:
    answer = await api.as_(None).ask(
        document("hq/staff_invitation_accept"), input={"token": token, "password": password}
    )
    return answer["staffInvitationAccept"]


async def usernames(api: Api) -> list[str]:
    found = (await api.ask(OPEN))["staff"]
    names = [each["node"]["username"] for each in found["edges"]]
    assert found["totalCount"] == len(names)
    return names


async def test_from_the_invitation_to_the_first_day(api: Api) -> None:
    admin = await merchant(api)
    made = await admin.do(document("hq/staff_invite"), input=an_invitation())
    person = made["staff"]["id"]
    assert made["staff"]["invitation"]["status"] == "OPEN"
    assert await usernames(admin) == ["li"]
    (token,) = await deliver(api)
    weak = await accept(api, token, "Password1234!")
    assert [each["path"] for each in weak["userErrors"]] == [["password"]]
    assert weak["accessToken"] is None
    entered = await accept(api, token)
    assert entered["userErrors"] == []
    assert [each["code"] for each in entered["viewer"]["organisations"]] == ["S1"]
    me = api.as_(entered["accessToken"])
    who = await me.ask("{ viewer { actor { ... on Staff { username } } } }")
    assert who["viewer"]["actor"] == {"username": "li"}
    assert (await api.staff("li", PASSWORD)).token is not None
    again = await accept(api, token)
    assert [each["code"] for each in again["userErrors"]] == ["EXPIRED"]
    assert await usernames(admin) == []
    told = (await admin.ask(STATUS, id=person))["node"]["invitation"]
    assert told["status"] == "ACCEPTED"
    assert None not in (told["sentAt"], told["acceptedAt"], told["invitedBy"]["username"])


async def test_another_invitation_and_a_revocation(api: Api) -> None:
    admin = await merchant(api)
    made = await admin.do(document("hq/staff_invite"), input=an_invitation())
    whom = {"staffId": made["staff"]["id"]}
    await deliver(api)
    await admin.do(document("hq/staff_invitation_send"), input=whom)
    first, second = await deliver(api)
    refused = await accept(api, first)
    assert [each["code"] for each in refused["userErrors"]] == ["EXPIRED"]
    gone = await admin.do(document("hq/staff_invitation_revoke"), input=whom)
    assert gone["staff"]["invitation"]["status"] == "REVOKED"
    refused = await accept(api, second)
    assert [each["code"] for each in refused["userErrors"]] == ["EXPIRED"]
    assert await usernames(admin) == []
    twice = await admin.refused(document("hq/staff_invitation_revoke"), input=whom)
    assert [each["code"] for each in twice] == ["STATE_CONFLICT"]


async def test_staff_of_a_batch_are_invited_afterwards(api: Api) -> None:
    admin = await merchant(api)
    await admin.do(document("hq/staff_upsert"), input={"staff": [an_invitation("wang")]})
    await admin.do(document("hq/staff_invitation_send"), input={"staffId": "staff:wang"})
    (token,) = await deliver(api)
    assert (await accept(api, token))["userErrors"] == []
    assert (await api.staff("wang", PASSWORD)).token is not None


async def test_strangers_and_colleagues_see_nothing_of_it(api: Api) -> None:
    admin = await merchant(api)
    made = await admin.do(document("hq/staff_invite"), input=an_invitation())
    cashier = await staff(admin, "S1", "CASHIER")
    assert (await cashier.ask(STATUS, id=made["staff"]["id"]))["node"] == {"invitation": None}
    assert (await api.ask(STATUS, id=made["staff"]["id"]))["node"] is None
    for who in (cashier, api):
        answer = await who.send(document("hq/staff_invite"), input=an_invitation("wang"))
        code = answer["errors"][0]["extensions"]["code"]
        assert code == ("FORBIDDEN" if who is cashier else "UNAUTHENTICATED")
    assert await usernames(admin) == ["li"]


async def test_what_is_wrong_is_named_by_its_field(api: Api) -> None:
    admin = await merchant(api)
    for given, path in (
        ({"phone": "12"}, ["phone"]),
        ({"username": "-"}, ["username"]),
        ({"grants": []}, ["grants"]),
        (
            {"grants": [{"role": "GUIDE", "organisationCode": "NO"}]},
            ["grants", "0", "organisationCode"],
        ),
        ({"username": "admin"}, ["username"]),
    ):
        errors = await admin.refused(document("hq/staff_invite"), input=an_invitation(**given))
        assert [each["path"] for each in errors] == [path]
    assert await deliver(api) == []


async def test_a_session_that_is_not_confirmed_invites_nobody(api: Api) -> None:
    admin = await merchant(api)
    await Session.filter(revoked_at=None).update(
        confirmed_at=datetime.now(UTC) - timedelta(hours=1)
    )
    errors = await admin.refused(document("hq/staff_invite"), input=an_invitation())
    assert [each["code"] for each in errors] == ["CONFIRMATION_REQUIRED"]
    assert await deliver(api) == []
