"""Members over HTTP: signing in, being scanned, being looked up, being masked."""

from __future__ import annotations

import asyncio

from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import sign_in, staffed_store
from tests.make.statements import counting

ME = """{ me { id number name phone tier { code level } joinedVia
  cards { number kind status member { id } } } }"""
SEEN = "{ id name phone cards { id } homeStore { code } guide { id } }"


async def test_signing_in_makes_a_member_once(api: Api) -> None:
    member = await sign_in(api, "13800001234", name="王小明")
    await asyncio.sleep(api.settings.otp_resend_seconds + 0.1)
    again = await sign_in(api, "+86 138 0000 1234", name="Somebody")
    me = (await member.ask(ME))["me"]
    assert me == (await again.ask(ME))["me"]
    assert (me["name"], me["phone"], me["joinedVia"]) == ("王小明", "+8613800001234", "PC")
    assert me["tier"] == {"code": "BASIC", "level": 0}
    [card] = me["cards"]
    assert (card["kind"], card["status"], card["member"]["id"]) == ("VIRTUAL", "ACTIVE", me["id"])
    assert (await api.ask(ME))["me"] is None


async def test_wrong_codes_are_counted_though_each_is_refused(api: Api) -> None:
    await api.do(document("phone/code_request"), phone="13800001234")
    right = api.codes_sent()[-1]["code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    given = {"phone": "13800001234", "code": wrong}
    for _ in range(5):
        [error] = await api.refused(document("phone/member_sign_in"), input=given)
        assert (error["code"], error["path"]) == ("INVALID", ["code"])
    answer = await api.send(document("phone/member_sign_in"), input={**given, "code": right})
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 60}


async def test_a_till_identifies_a_code_once_and_sees_a_masked_name(api: Api) -> None:
    admin = await api.staff()
    cashier = await staffed_store(admin, "S1", "CASHIER")
    member = await sign_in(api, "13800001234", name="王小明")
    code = (await member.do(document("phone/member_code")))["memberCode"]
    assert code["qrSvg"].startswith("<svg")
    identify = (
        f"mutation($code: String!) {{ memberIdentify(input: {{code: $code}}) {{ member {SEEN}"
    )
    identify += " userErrors { code path } } }"
    seen = (await cashier.do(identify, code=code["code"]))["member"]
    assert (seen["name"], seen["phone"]) == ("王*", "138****1234")
    assert await cashier.refused(identify, code=code["code"]) == [
        {"code": "EXPIRED", "path": ["code"]}
    ]
    lookup = "query($id: ID!) { member(id: $id) { id } node(id: $id) { id } }"
    assert await cashier.ask(lookup, id=seen["id"]) == {"member": None, "node": None}
    assert (await admin.ask(lookup, id=seen["id"]))["member"] == {"id": seen["id"]}


async def test_members_see_nobody_else(api: Api) -> None:
    member, other = await sign_in(api, "13800001234"), await sign_in(api, "13800005678")
    me = (await other.ask(ME))["me"]
    lookup = (
        "query($id: ID!, $number: String!, $card: String!) {"
        " a: member(id: $id) { id } b: member(number: $number) { id } c: member(cardNumber: $card) { id }"
        " d: node(id: $id) { id } }"
    )
    found = await member.ask(
        lookup, id=me["id"], number=me["number"], card=me["cards"][0]["number"]
    )
    assert set(found.values()) == {None}
    answer = await member.send("{ members { edges { node { id } } } }")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_lists_of_members_cost_the_same_however_long(api: Api) -> None:
    admin = await api.staff()
    asked = (
        "query($first: Int) { members(first: $first) { edges { node { name phone tier { code } cards { id }"
        " homeStore { id } guide { id } referral { token depth upline { name } ancestors { name }"
        " downline { totalCount edges { level sales { amount } } } team { level } balance { owed { amount } }"
        " commissions { edges { node { id payee { __typename } } } } } } } } }"
    )
    for number in range(6):
        await sign_in(api, f"1380000000{number}")
    sent = []
    for first in (2, 6):
        with counting() as statements:
            found = await admin.ask(asked, first=first)
        assert len(found["members"]["edges"]) == first
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 30


async def test_cards_are_issued_bound_and_blocked(api: Api) -> None:
    admin = await api.staff()
    member = await sign_in(api, "13800001234")
    issued = await admin.do(
        "mutation { cardIssue(input: {kind: PHYSICAL, quantity: 3})"
        " { cards { id number status member { id } } userErrors { code } } }"
    )
    assert [card["member"] for card in issued["cards"]] == [None, None, None]
    card = "{ card { number status member { id } } userErrors { code path } } }"
    number = issued["cards"][0]["number"]
    bind = f"mutation($number: String!) {{ cardBind(input: {{number: $number}}) {card}"
    bound = (await member.do(bind, number=number))["card"]
    assert (bound["status"], bound["member"]) == (
        "ACTIVE",
        (await member.ask("{ me { id } }"))["me"],
    )
    [error] = await member.refused(bind, number=number)
    assert error["code"] == "STATE_CONFLICT"
    block = (
        'mutation($number: String!) { cardBlock(input: {number: $number, reason: "lost"}) ' + card
    )
    assert (await member.do(block, number=number))["card"]["status"] == "BLOCKED"


async def test_refusals_are_told_in_chinese(api: Api) -> None:
    member = (await sign_in(api, "13800001234")).speaking("zh-CN")
    [error] = await member.refused(document("phone/referral_bind"), token="nobody")
    assert error["message"] == "无法识别该分享链接。"
