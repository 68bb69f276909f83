"""Taking away what was given: staff, machines, client applications, sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.accounts.clients import ApiClient, Storefront
from models.accounts.sessions import Session, SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.database import transaction
from resolvers.accounts.clients.uses import ClientUses
from resolvers.accounts.sessions import issue
from resolvers.context import Actor, ActorKind, utc_now
from tests.make.api import Api
from tests.make.documents import document
from tests.make.organisations import hire, id_of, organisation, refused, update
from tests.make.persons import sign_in, staffed_store
from tests.make.sales import context_of
from tests.make.shop import open_shop

VIEWER = "{ viewer { channel permissions } }"


async def code_of(api: Api) -> str | None:
    """Why this caller's token is refused, if it is."""
    answer = await api.send(VIEWER)
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"password": "another-quiet-secret"},
        {"grants": [{"role": "CASHIER", "organisationCode": "A"}]},
    ],
)
async def test_what_takes_rights_away_ends_the_sessions_and_a_name_does_not(
    api: Api, change: dict[str, Any]
) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    guide = await hire(admin, "guide", "GUIDE", "A")
    staff_id = await id_of(admin, "guide")
    await update(admin, staff_id, name="Han Mei")
    await update(admin, staff_id, active=True, grants=[{"role": "GUIDE", "organisationCode": "A"}])
    assert await code_of(guide) is None
    await update(admin, staff_id, **change)
    assert await code_of(guide) == "UNAUTHENTICATED"
    assert await code_of(admin) is None
    signed_in = await api.send(
        document("hq/sign_in"), username="guide", password=change.get("password", "quite-a-secret")
    )
    token = signed_in["data"]["staffSignIn"]["accessToken"]
    assert (token is None) == ("active" in change)


async def test_only_roles_in_ones_territory_are_ones_to_change(api: Api) -> None:
    admin = await api.staff()
    for code in ("A", "B"):
        await organisation(admin, code, "MERCHANT")
    hers, his = await hire(admin, "boss-a", "ADMIN", "A"), await hire(admin, "boss-b", "ADMIN", "B")
    both = [{"role": "GUIDE", "organisationCode": code} for code in ("A", "B")]
    await hire(admin, "shared", "GUIDE", "A")
    staff_id = await id_of(admin, "shared")
    await update(admin, staff_id, grants=both)
    for change, field in (
        ({"active": False}, "active"),
        ({"password": "another-quiet-secret"}, "password"),
        ({"name": "Somebody"}, "name"),
    ):
        assert await refused(hers, staff_id, **change) == ("FORBIDDEN", [field])
    await update(hers, staff_id, grants=[])
    left = await StaffGrant.filter(staff__username="shared").prefetch_related("organisation")
    assert [each.organisation.code for each in left] == ["B"]
    assert await refused(hers, staff_id, grants=both[:1]) == ("NOT_FOUND", ["staffId"])
    assert await refused(his, staff_id, grants=[]) == ("INVALID", ["grants"])
    assert await refused(his, await id_of(admin, "boss-a"), active=False) == (
        "NOT_FOUND",
        ["staffId"],
    )
    assert await refused(hers, await id_of(admin, "admin"), active=False) == (
        "NOT_FOUND",
        ["staffId"],
    )
    person = await Staff.get(username="shared")
    assert (person.name, person.active) == ("shared", True)


async def test_the_last_administrator_stays_and_nobody_gives_more_than_they_have(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    first = await hire(admin, "boss", "ADMIN", "A")
    boss, root = await id_of(admin, "boss"), await id_of(admin, "admin")
    cashier = [{"role": "CASHIER", "organisationCode": "A"}]
    assert await refused(admin, boss, active=False) == ("STATE_CONFLICT", ["active"])
    assert await refused(admin, boss, grants=cashier) == ("STATE_CONFLICT", ["grants"])
    assert await refused(first, boss, active=False) == ("INVALID", ["active"])
    assert await refused(first, boss, password="another-quiet-secret") == ("INVALID", ["password"])
    assert await refused(admin, root, grants=cashier) == ("STATE_CONFLICT", ["grants"])
    await hire(admin, "second", "ADMIN", "A")
    await update(first, boss, grants=cashier)
    assert await code_of(first) == "UNAUTHENTICATED"

    made = await admin.do(
        document("hq/api_client_create"),
        input={"name": "hr", "scopes": ["STAFF_WRITE"], "organisationCode": "A"},
    )
    hr, second = api.as_(made["secret"]), await id_of(admin, "second")
    assert await refused(hr, second, active=False) == ("FORBIDDEN", ["active"])
    assert await refused(hr, second, grants=cashier) == ("INVALID", ["grants", "0", "role"])
    assert await refused(hr, boss, grants=[]) == ("INVALID", ["grants"])
    assert await code_of(await api.staff("second", "quite-a-secret")) is None


async def test_staff_are_listed_where_one_manages_them(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    await organisation(admin, "A-EAST", "REGION", "A")
    await organisation(admin, "B", "MERCHANT")
    for username, role, code in (
        ("anna", "ADMIN", "A"),
        ("emil", "GUIDE", "A-EAST"),
        ("erna", "CASHIER", "A-EAST"),
        ("bert", "ADMIN", "B"),
    ):
        await hire(admin, username, role, code)
    await Staff.filter(username="erna").update(active=False)
    anna = await api.staff("anna", "quite-a-secret")

    async def found(**wanted: Any) -> list[str]:
        listed = (await anna.ask(document("hq/staff_list"), filter=wanted or None))["staff"]
        names = [edge["node"]["username"] for edge in listed["edges"]]
        assert listed["totalCount"] == len(names)
        return names

    assert await found() == ["anna", "emil", "erna"]
    assert await found(organisationCode="A-EAST") == ["emil", "erna"]
    assert await found(role="GUIDE") == ["emil"]
    assert await found(active=False) == ["erna"]
    assert await found(search="NN") == ["anna"]
    page = await anna.ask("{ staff(first: 1) { pageInfo { endCursor hasNextPage } } }")
    rest = await anna.ask(
        "query($after: String!) { staff(after: $after) { edges { node { username } } } }",
        after=page["staff"]["pageInfo"]["endCursor"],
    )
    assert [each["node"]["username"] for each in rest["staff"]["edges"]] == ["emil", "erna"]
    for other in (api, await api.staff("emil", "quite-a-secret"), await api.guest()):
        assert "errors" in await other.send("{ staff { totalCount } }")


async def test_a_secret_is_replaced_with_and_without_an_overlap(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    made = await admin.do(
        document("hq/api_client_create"),
        input={"name": "erp", "scopes": ["STOCK_READ"], "organisationCode": "A"},
    )
    client_id, first = made["client"]["id"], api.as_(made["secret"])

    async def rotate(minutes: int) -> Api:
        given = {"apiClientId": client_id, "overlapMinutes": minutes}
        done = await admin.do(document("hq/api_client_rotate"), input=given)
        return api.as_(done["secret"])

    second = await rotate(60)
    assert [await code_of(each) for each in (first, second)] == [None, None]
    errors = await admin.refused(
        document("hq/api_client_rotate"), input={"apiClientId": client_id, "overlapMinutes": 60}
    )
    assert errors[0]["code"] == "STATE_CONFLICT"
    await ApiClient.filter(name="erp").update(previous_until=utc_now() - timedelta(seconds=1))
    assert [await code_of(each) for each in (first, second)] == ["UNAUTHENTICATED", None]
    third = await rotate(60)
    fourth = await rotate(0)
    assert [await code_of(each) for each in (first, second, third, fourth)] == [
        *["UNAUTHENTICATED"] * 3,
        None,
    ]
    errors = await admin.speaking("zh").refused(
        document("hq/api_client_rotate"), input={"apiClientId": client_id, "overlapMinutes": -1}
    )
    assert errors[0]["path"] == ["overlapMinutes"]
    assert errors[0]["message"] == "重叠时间须为 0 至 43200 分钟。"


async def test_a_machine_is_narrowed_and_ended_for_good(api: Api) -> None:
    admin = await api.staff()
    for code in ("A", "B"):
        await organisation(admin, code, "MERCHANT")
    his = await hire(admin, "boss-b", "ADMIN", "B")
    made = await admin.do(
        document("hq/api_client_create"),
        input={"name": "erp", "scopes": ["STOCK_READ", "ORDER_READ"], "organisationCode": "A"},
    )
    client_id, erp = made["client"]["id"], api.as_(made["secret"])
    narrow = {"apiClientId": client_id, "name": "ERP", "scopes": ["STOCK_READ"]}
    for name, given in (
        ("hq/api_client_update", narrow),
        ("hq/api_client_revoke", {"apiClientId": client_id, "reason": "no"}),
        ("hq/api_client_rotate", {"apiClientId": client_id}),
    ):
        assert (await his.refused(document(name), input=given))[0]["code"] == "NOT_FOUND"
    await admin.do(document("hq/api_client_update"), input=narrow)
    assert (await erp.ask(VIEWER))["viewer"]["permissions"] == ["STOCK_READ"]
    widen = {"apiClientId": client_id, "scopes": ["STOCK_READ", "EVERYTHING"]}
    answer = await admin.send(document("hq/api_client_update"), input=widen)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"
    listed = (await admin.ask(document("hq/api_clients")))["apiClients"]
    assert [(each["node"]["name"], each["node"]["active"]) for each in listed["edges"]] == [
        ("ERP", True)
    ]
    assert (await his.ask(document("hq/api_clients")))["apiClients"]["totalCount"] == 0

    revoke = {"apiClientId": client_id, "reason": "The laptop was stolen"}
    assert not (await admin.do(document("hq/api_client_revoke"), input=revoke))["client"]["active"]
    await admin.do(document("hq/api_client_revoke"), input={**revoke, "reason": "again"})
    assert (await ApiClient.get(name="ERP")).revoked_reason == "The laptop was stolen"
    answer = await erp.send(VIEWER)
    assert answer["errors"][0]["message"] == "This API client was revoked."
    for name in ("hq/api_client_update", "hq/api_client_rotate"):
        errors = await admin.refused(document(name), input={"apiClientId": client_id})
        assert errors[0]["code"] == "STATE_CONFLICT"


async def test_the_last_use_of_a_machine_is_written_once_a_minute(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    await admin.do(
        document("hq/api_client_create"),
        input={"name": "erp", "scopes": ["STOCK_READ"], "organisationCode": "A"},
    )
    client, uses = await ApiClient.get(name="erp"), ClientUses()
    assert client.last_used_at is None
    uses.note(Actor(ActorKind.API_CLIENT, client.id))
    uses.note(Actor(ActorKind.STAFF, client.id))
    await uses.write()
    first = (await ApiClient.get(name="erp")).last_used_at
    assert first is not None
    uses.note(Actor(ActorKind.API_CLIENT, client.id))
    await uses.write()
    assert (await ApiClient.get(name="erp")).last_used_at == first
    earlier = utc_now() - timedelta(minutes=2)
    await ApiClient.filter(name="erp").update(last_used_at=earlier)
    uses.note(Actor(ActorKind.API_CLIENT, client.id))
    await uses.write()
    again = (await ApiClient.get(name="erp")).last_used_at
    assert again is not None
    assert again > earlier


async def test_an_id_of_another_type_is_refused_with_the_right_article(api: Api) -> None:
    admin = await api.staff()
    given = {"apiClientId": "store:S1", "reason": "Leak"}
    errors = await admin.refused(document("hq/api_client_revoke"), input=given)
    assert errors[0]["message"] == "This is not the ID of an ApiClient."


async def test_a_storefront_that_is_off_refuses_its_key_and_what_was_kept(api: Api) -> None:
    admin = await api.staff()
    shop = await open_shop(admin, 5)
    front = await admin.do(
        document("hq/storefront_create"),
        input={"name": "App", "channel": "APP", "organisationCode": shop.store_code},
    )
    given = {"storefrontId": front["storefront"]["id"], "name": "App 2"}
    visitor = api.through(front["storefront"]["key"])
    query = "query($sku: String!) { variant(sku: $sku) { sku } }"
    for _ in range(3):
        assert (await visitor.ask(query, sku=shop.sku))["variant"]
    parameters = {"query": "{ brands { code } }"}
    kept = await api.client.get("/graphql", params=parameters, headers=visitor.headers)
    assert kept.headers["etag"]

    await admin.do(document("hq/storefront_update"), input={**given, "active": False})
    for caller in (visitor, visitor.as_(admin.token)):
        answer = await caller.send(query, sku=shop.sku)
        assert answer["errors"][0]["message"] == "This storefront is switched off."
    again = await api.client.get(
        "/graphql",
        params=parameters,
        headers={**visitor.headers, "If-None-Match": kept.headers["etag"]},
    )
    assert again.status_code not in (200, 304)
    listed = (await admin.ask(document("hq/storefronts")))["storefronts"]
    assert [each["node"]["name"] for each in listed["edges"]] == ["App 2"]

    await admin.do(document("hq/storefront_update"), input={**given, "active": True})
    assert (await visitor.ask(query, sku=shop.sku))["variant"]
    manager = await staffed_store(admin, "S2", "MANAGER")
    assert "errors" in await manager.send(document("hq/storefront_update"), input=given)
    assert await Storefront.all().count() == 1


SESSIONS = "{ viewer { sessions { id channel current device createdAt lastSeenAt } } }"


async def another_session(member: Api) -> Api:
    """The same member on another device."""
    row = await Session.filter(kind=SubjectKind.MEMBER).first()
    assert row is not None
    tokens = await transaction(issue, await context_of(member), SubjectKind.MEMBER, row.subject_id)
    return member.as_(tokens.access_token)


async def test_ones_own_sessions_are_listed_and_ended(api: Api) -> None:
    there = await sign_in(api, "13900000001")
    here = await another_session(there)
    sessions = (await here.ask(SESSIONS))["viewer"]["sessions"]
    assert [each["current"] for each in sessions] == [True, False]
    assert sessions[1]["channel"] == "PC"
    assert sessions[1]["device"].startswith("python-httpx")
    sessions.reverse()
    for foreign in (await api.guest(), await api.staff()):
        errors = await foreign.refused(
            document("phone/session_revoke"), input={"sessionId": sessions[0]["id"]}
        )
        assert errors[0]["code"] == "NOT_FOUND"
        found = await foreign.ask("query($id: ID!) { node(id: $id) { id } }", id=sessions[0]["id"])
        assert found["node"] is None
    left = await here.do(document("phone/session_revoke"), input={"sessionId": sessions[0]["id"]})
    assert [each["id"] for each in left["sessions"]] == [sessions[1]["id"]]
    assert [await code_of(each) for each in (here, there)] == [None, "UNAUTHENTICATED"]
    third = await another_session(here)
    await third.do(document("phone/session_revoke"), input={"allOthers": True})
    assert [await code_of(each) for each in (here, third)] == ["UNAUTHENTICATED", None]
    assert "errors" in await api.send(document("phone/session_revoke"), input={"allOthers": True})
    assert (await third.refused(document("phone/session_revoke"), input={"allOthers": False}))[0][
        "path"
    ] == ["allOthers"]


async def test_staff_end_the_sessions_of_those_they_manage(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    manager = await staffed_store(admin, "S1", "MANAGER")
    await organisation(admin, "B", "MERCHANT")
    member = await sign_in(api, "13900000003")
    member_id = (await member.ask("{ me { id } }"))["me"]["id"]
    guide = await hire(admin, "guide", "GUIDE", "S1")
    his = await hire(admin, "boss-b", "ADMIN", "B")
    guide_id = await id_of(admin, "guide")
    revoke = document("phone/session_revoke")
    assert "errors" in await manager.send(revoke, input={"staffId": guide_id})
    for given in ({"staffId": guide_id}, {"memberId": member_id}):
        assert (await his.refused(revoke, input=given))[0]["code"] == "NOT_FOUND"
    assert "errors" in await guide.send(revoke, input={"memberId": member_id})
    assert [await code_of(each) for each in (guide, member)] == [None, None]
    await admin.do(revoke, input={"staffId": guide_id})
    await admin.do(revoke, input={"memberId": member_id})
    assert [await code_of(each) for each in (guide, member)] == ["UNAUTHENTICATED"] * 2
    assert await Session.filter(revoked_at=None).exists()


async def test_customers_know_staff_by_name_and_no_more(api: Api) -> None:
    admin = await api.staff()
    await organisation(admin, "A", "MERCHANT")
    guide = await hire(admin, "guide", "GUIDE", "A")
    staff_id = await id_of(admin, "guide")
    ask = "query($id: ID!) { node(id: $id) { ... on Staff { name username active lastSignInAt } } }"
    for stranger in (api, await api.guest(), await sign_in(api, "13900000004")):
        assert (await stranger.ask(ask, id=staff_id))["node"] is None
    cashier = await hire(admin, "cashier", "CASHIER", "A")
    known = (await cashier.ask(ask, id=staff_id))["node"]
    assert known == {"name": "guide", "username": None, "active": None, "lastSignInAt": None}
    for manager in (guide, admin):
        known = (await manager.ask(ask, id=staff_id))["node"]
        assert (known["username"], known["active"]) == ("guide", True)
        assert known["lastSignInAt"]
