"""The referral tree over HTTP: links, binding, what is seen of each other, and plans."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import sign_in, staffed_store

TREE = """{ me { id referral { token boundThrough depth distributor upline { name phone number }
  ancestors { name phone } downline(depth: 5) { totalCount edges { level node { id name phone
  homeStore { id } cards { id } } sales { amount } } } team { level members orders sales { amount } } } } }"""


async def referral(member: Api) -> Any:
    return (await member.ask(TREE))["me"]["referral"]


async def line_of_three(api: Api) -> list[Api]:
    top = await sign_in(api, "13800000001", name="王小明")
    token = (await referral(top))["token"]
    middle = await sign_in(api, "13800000002", name="李雷雷", referralToken=token)
    token = (await referral(middle))["token"]
    return [top, middle, await sign_in(api, "13800000003", name="韩梅梅", referralToken=token)]


async def test_uplines_are_known_by_name_and_the_downline_is_masked(api: Api) -> None:
    top, middle, lower = await line_of_three(api)
    above = await referral(lower)
    assert (above["depth"], above["boundThrough"]) == (2, "MEMBER")
    assert [each["name"] for each in above["ancestors"]] == ["李雷雷", "王小明"]
    assert above["upline"] == {**above["upline"], "name": "李雷雷", "phone": None}
    below = (await referral(top))["downline"]
    assert below["totalCount"] == 2
    assert [
        (edge["level"], edge["node"]["name"], edge["node"]["phone"]) for edge in below["edges"]
    ] == [(1, "李*", "138****0002"), (2, "韩*", "138****0003")]
    assert all(edge["node"]["cards"] == [] for edge in below["edges"])
    assert (await referral(middle))["team"] == [
        {"level": 1, "members": 1, "orders": 0, "sales": {"amount": "0.00"}}
    ]


async def test_nobody_looks_further_through_those_they_see(api: Api) -> None:
    top, _, lower = await line_of_three(api)
    for asker, way in (
        (lower, "upline { referral { token } }"),
        (lower, "ancestors { referral { balance { available { amount } } } }"),
        (top, "downline { edges { node { referral { token } } } }"),
    ):
        answer = await asker.send(f"{{ me {{ referral {{ {way} }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    found = await lower.ask(
        "{ me { referral { upline { id orders { edges { node { id } } } cards { id } guide { id } } } } }"
    )
    upline = found["me"]["referral"]["upline"]
    assert (upline["orders"]["edges"], upline["cards"], upline["guide"]) == ([], [], None)
    by_id = "query($id: ID!) { node(id: $id) { ... on Member { name phone } } }"
    assert (await lower.ask(by_id, id=upline["id"]))["node"] == {"name": "李雷雷", "phone": None}
    stranger = await sign_in(api, "13800000009")
    assert (await stranger.ask(by_id, id=upline["id"]))["node"] is None


async def test_a_ring_and_a_second_upline_are_refused_with_their_codes(api: Api) -> None:
    top, _, lower = await line_of_three(api)
    stranger = await sign_in(api, "13800000009")
    for asker, other, code in (
        (top, lower, "REFERRAL_CYCLE"),
        (top, top, "REFERRAL_CYCLE"),
        (lower, stranger, "REFERRAL_LOCKED"),
    ):
        token = (await referral(other))["token"]
        [error] = await asker.refused(document("phone/referral_bind"), token=token)
        assert error["code"] == code
    assert (await referral(top))["depth"] == 0


async def test_a_link_shows_what_is_shared_and_by_whom_and_counts(api: Api) -> None:
    member = await sign_in(api, "13800000001", name="王小明")
    link = (await member.do(document("phone/share"), target="HOME"))["shareLink"]
    assert link["url"] == f"{api.settings.base_url}/s/{link['token']}"
    assert len(link["token"]) <= 32
    opened = (
        "query($token: String!) { shareLink(token: $token) { target opens orders product { id }"
        " store { id } sharedBy { ... on Member { name phone cards { id } } } } }"
    )
    for opens in (1, 2):
        assert (await api.ask(opened, token=link["token"]))["shareLink"] == {
            "target": "HOME",
            "opens": opens,
            "orders": 0,
            "product": None,
            "store": None,
            "sharedBy": {"name": "王小明", "phone": None, "cards": []},
        }
    assert await api.ask(opened, token="nobody") == {"shareLink": None}


async def test_a_guides_link_brings_a_member_home(api: Api) -> None:
    guide = await staffed_store(await api.staff(), "S1", "GUIDE")
    link = (await guide.do(document("phone/share"), target="REGISTRATION"))["shareLink"]
    member = await sign_in(api, "13800000001", referralToken=link["token"])
    me = (await member.ask("{ me { homeStore { code } guide { name } } }"))["me"]
    assert me == {"homeStore": {"code": "S1"}, "guide": {"name": "Li Lei"}}
    seen = await guide.ask("{ members { edges { node { name phone } } } }")
    assert [each["node"]["phone"] for each in seen["members"]["edges"]] == ["138****0001"]


async def test_a_plan_is_known_by_its_organisation_before_and_after_it_is_set(api: Api) -> None:
    admin = await api.staff()
    asked = (
        "{ commissionPlan { id organisation { code } levels { level rate } guideRate freezeDays } }"
    )
    default = (await admin.ask(asked))["commissionPlan"]
    assert default == {
        "id": default["id"],
        "organisation": {"code": "PLATFORM"},
        "levels": [{"level": 1, "rate": "0.05"}, {"level": 2, "rate": "0.02"}],
        "guideRate": "0.03",
        "freezeDays": 7,
    }
    levels = [{"level": level, "rate": "0.01"} for level in (1, 2, 3, 4)]
    given = {"levels": levels, "freezeDays": 0}
    [error] = await admin.refused(document("hq/commission_plan_set"), input=given)
    assert (error["code"], error["path"]) == ("INVALID", ["levels"])
    assert (await admin.ask(asked))["commissionPlan"] == default
    await admin.do(document("hq/commission_plan_set"), input={**given, "levels": levels[:3]})
    node = "query($id: ID!) { node(id: $id) { id ... on CommissionPlan { freezeDays levels { rate } } } }"
    assert (await admin.ask(node, id=default["id"]))["node"] == {
        "id": default["id"],
        "freezeDays": 0,
        "levels": [{"rate": "0.01"}] * 3,
    }
    member = await sign_in(api, "13800000001")
    assert (await member.ask(asked))["commissionPlan"]["id"] == default["id"]
    assert (await api.send(asked))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_applying_as_a_distributor_changes_nothing_for_one_who_is(api: Api) -> None:
    member = await sign_in(api, "13800000001")
    applied = await member.do(
        "mutation { distributorApply { member { referral { distributor } } userErrors { code } } }"
    )
    assert applied["member"]["referral"]["distributor"] is True
