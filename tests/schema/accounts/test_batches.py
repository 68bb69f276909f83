"""Client applications by code and staff by username, in batches."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tortoise.expressions import Subquery

from models.accounts import passwords
from models.accounts.clients import Storefront
from models.accounts.staff import Staff, StaffGrant
from tests.make.api import Api
from tests.make.documents import document
from tests.make.persons import staff, staffed_store
from tests.make.statements import counting

RESULTS = "results { externalCode ok nodeId userErrors { code path } } created updated"
ERRORS = "userErrors { code path }"
STOREFRONTS = (
    "mutation($input: StorefrontUpsertInput!) { storefrontUpsert(input: $input)"
    f" {{ {RESULTS} {ERRORS} }} }}"
)
STAFF = (
    f"mutation($input: StaffUpsertInput!) {{ staffUpsert(input: $input) {{ {RESULTS} {ERRORS} }} }}"
)
NODES = "results { nodeId } userErrors { code }"
CATALOG = f"mutation($input: CatalogUpsertInput!) {{ catalogUpsert(input: $input) {{ {NODES} }} }}"
STOCK = f"mutation($input: StockSetInput!) {{ stockSet(input: $input) {{ {NODES} }} }}"


def storefront(code: str, **given: Any) -> dict[str, Any]:
    return {"code": code, "name": code, "channel": "PC", "organisationCode": "M", **given}


def person(username: str, role: str = "CASHIER", place: str = "S1", **given: Any) -> dict[str, Any]:
    grants = [{"role": role, "organisationCode": place}]
    return {"username": username, "name": username, "grants": grants, **given}


async def merchant(api: Api) -> Api:
    """An administrator of a merchant that has one store."""
    platform = await api.staff()
    given = {"code": "M", "name": "M", "kind": "MERCHANT"}
    await platform.do(document("hq/organisation_upsert"), input=given)
    admin = await staff(platform, "M", "ADMIN")
    await staffed_store(admin, "S1", "MANAGER")
    return admin


async def test_storefronts_are_kept_by_code(api: Api) -> None:
    admin = await merchant(api)
    rows = [storefront("WEB"), storefront("TABLET", channel="STORE", organisationCode="S1")]
    made = await admin.do(STOREFRONTS, input={"storefronts": rows})
    assert (made["created"], made["updated"]) == (2, 0)
    found = await admin.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Storefront { code channel key } } }",
        ids=["storefront:WEB", made["results"][1]["nodeId"]],
    )
    web, tablet = found["nodes"]
    assert (web["code"], web["id"], tablet["channel"]) == (
        "WEB",
        made["results"][0]["nodeId"],
        "STORE",
    )
    again = await admin.do(STOREFRONTS, input={"storefronts": rows})
    assert (again["created"], again["updated"]) == (0, 0)
    changed = await admin.do(STOREFRONTS, input={"storefronts": [storefront("WEB", active=False)]})
    assert (changed["created"], changed["updated"]) == (0, 1)
    refused = await api.through(web["key"]).send("{ brands { code } }")
    assert refused["errors"]


async def test_a_single_storefront_has_a_code_that_no_other_of_the_merchant_has(api: Api) -> None:
    platform = await api.staff()
    admin = await merchant(api)
    create, update = document("hq/storefront_create"), document("hq/storefront_update")
    given = {"name": "App", "channel": "APP", "organisationCode": "M"}
    made = (await admin.do(create, input={**given, "code": "APP-1"}))["storefront"]
    bare = (await admin.do(create, input=given))["storefront"]
    assert (made["code"], bare["code"]) == ("APP-1", None)
    taken = [{"code": "DUPLICATE", "message": "The code APP-1 is taken.", "path": ["code"]}]
    answer = await admin.ask(create, input={**given, "organisationCode": "S1", "code": "APP-1"})
    assert answer["storefrontCreate"] == {"storefront": None, "userErrors": taken}
    answer = await admin.ask(update, input={"storefrontId": bare["id"], "code": "APP-1"})
    assert answer["storefrontUpdate"] == {"storefront": None, "userErrors": taken}
    answer = await admin.ask(update, input={"storefrontId": bare["id"], "code": "no code"})
    assert answer["storefrontUpdate"]["userErrors"][0]["code"] == "INVALID"

    await admin.do(update, input={"storefrontId": "storefront:APP-1", "code": "APP-1"})
    await admin.do(update, input={"storefrontId": "storefront:APP-1", "code": "APP-2"})
    await admin.do(update, input={"storefrontId": bare["id"], "code": "APP-1"})
    await admin.do(update, input={"storefrontId": "storefront:APP-1", "name": "Renamed"})
    elsewhere = {**given, "organisationCode": "PLATFORM", "code": "APP-1"}
    await platform.do(create, input=elsewhere)
    rows = await Storefront.all().order_by("id").values_list("id", "code", "name")
    assert [(code, name) for _, code, name in rows] == [
        ("APP-2", "App"),
        ("APP-1", "Renamed"),
        ("APP-1", "App"),
    ]


async def test_of_two_who_claim_a_code_at_once_one_has_it(api: Api) -> None:
    admin = await merchant(api)
    given = {"name": "App", "channel": "APP", "organisationCode": "M", "code": "APP"}
    create = document("hq/storefront_create")
    answers = await asyncio.gather(*(admin.ask(create, input=given) for _ in range(4)))
    errors = [each["storefrontCreate"]["userErrors"] for each in answers]
    assert sorted(each[0]["code"] if each else "" for each in errors) == ["", *["DUPLICATE"] * 3]
    assert await Storefront.all().count() == 1


async def test_a_faulty_storefront_is_named_and_skipped_or_rejects_all(api: Api) -> None:
    admin = await merchant(api)
    rows = [storefront("WEB"), storefront("APP", organisationCode="NONE"), storefront("WEB")]
    for given, created in (({}, 0), ({"onError": "SKIP_FAILED", "dryRun": True}, 1)):
        answer = (await admin.ask(STOREFRONTS, input={"storefronts": rows, **given}))[
            "storefrontUpsert"
        ]
        assert [each["ok"] for each in answer["results"]] == [True, False, False]
        paths = [each["userErrors"] and each["userErrors"][0]["path"] for each in answer["results"]]
        assert paths[1:] == [["storefronts", "1", "organisationCode"], ["storefronts", "2", "code"]]
        assert answer["created"] == created
        assert {each["nodeId"] for each in answer["results"]} == {None}
    assert (await admin.ask("{ storefronts { totalCount } }"))["storefronts"]["totalCount"] == 0
    one = await admin.ask(STOREFRONTS, input={"storefronts": rows, "onError": "SKIP_FAILED"})
    assert one["storefrontUpsert"]["created"] == 1


async def test_a_node_of_another_merchant_is_a_fault_whoever_asks(api: Api) -> None:
    platform = await api.staff()
    await merchant(api)
    other = {"code": "B", "name": "B", "kind": "MERCHANT"}
    await platform.do(document("hq/organisation_upsert"), input=other)
    rows = [storefront("POS"), storefront("TILL", organisationCode="B")]
    answer = (await platform.ask(STOREFRONTS, input={"storefronts": rows}))["storefrontUpsert"]
    assert [each["path"] for each in answer["userErrors"]] == [
        ["storefronts", "1", "organisationCode"]
    ]
    assert await Storefront.all().count() == 0


async def test_staff_are_kept_by_username_and_sign_in_once_they_have_a_password(api: Api) -> None:
    admin = await merchant(api)
    rows = [person("wang"), person("li", "PICKER")]
    made = await admin.do(STAFF, input={"staff": rows})
    assert (made["created"], made["updated"]) == (2, 0)
    again = await admin.do(STAFF, input={"staff": rows})
    assert (again["created"], again["updated"]) == (0, 0)
    await admin.do(
        document("hq/staff_update"), input={"staffId": "staff:wang", "password": "quiet-river-7"}
    )
    wang = await api.staff("wang", "quiet-river-7")
    rows = [person("wang", "MANAGER"), {"username": "li", "name": "李"}]
    changed = await admin.do(STAFF, input={"staff": rows})
    assert (changed["created"], changed["updated"]) == (0, 2)
    assert "errors" in await wang.send("{ viewer { channel } }")
    names = await Staff.filter(username="li").values_list("name", flat=True)
    assert names == ["李"]


async def test_the_phone_of_staff_is_kept_encrypted_for_those_who_manage_them(api: Api) -> None:
    admin = await merchant(api)
    row = person("wang", phone="138 0000 1234")
    for done in ({"created": 1, "updated": 0}, {"created": 0, "updated": 0}):
        made = await admin.do(STAFF, input={"staff": [row]})
        assert {name: made[name] for name in done} == done
    found = await Staff.get(username="wang")
    assert found.phone == "+8613800001234"
    assert "1234" not in (found.encrypted_phone or "")
    kept = await admin.do(STAFF, input={"staff": [{"username": "wang", "name": "王"}]})
    assert kept["updated"] == 1
    assert (await Staff.get(username="wang")).phone == "+8613800001234"
    changed = await admin.do(STAFF, input={"staff": [{**row, "phone": "13900001234"}]})
    assert changed["updated"] == 1
    ask = '{ node(id: "staff:wang") { ... on Staff { phone } } }'
    assert (await admin.ask(ask))["node"] == {"phone": "+8613900001234"}
    given = {"staffId": "staff:wang", "phone": "13700001234", "password": "quiet-river-7"}
    await admin.do(document("hq/staff_update"), input=given)
    wang = await api.staff("wang", "quiet-river-7")
    own = await wang.ask("{ viewer { actor { ... on Staff { phone } } } }")
    assert own["viewer"]["actor"] == {"phone": "+8613700001234"}
    assert (await (await api.guest()).ask(ask))["node"] in (None, {"phone": None})
    wrong = [person("li", phone="024-12345678"), {"username": "wang", "name": "w", "phone": "1"}]
    answer = (await admin.ask(STAFF, input={"staff": wrong}))["staffUpsert"]
    assert [each["path"] for each in answer["userErrors"]] == [
        ["staff", "0", "phone"],
        ["staff", "1", "phone"],
    ]
    assert not await Staff.filter(username="li").exists()


async def test_whoever_gets_no_password_costs_no_hash_and_cannot_sign_in(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await merchant(api)
    hashed: list[object] = []
    hasher = SimpleNamespace(hash=hashed.append, verify=lambda *given: hashed.append(given))
    monkeypatch.setattr(passwords, "HASHER", hasher)
    for dry_run in (True, False):
        await admin.do(STAFF, input={"staff": [person("wang")], "dryRun": dry_run})
    assert hashed == []
    monkeypatch.undo()
    assert (await Staff.get(username="wang")).password_hash == passwords.NO_PASSWORD
    for password in ("", "nobody has this password"):
        wrong = {"username": "wang", "password": password}
        sign_in = "mutation($input: StaffSignInInput!) { staffSignIn(input: $input)"
        await api.refused(f"{sign_in} {{ accessToken userErrors {{ code }} }} }}", input=wrong)


async def test_each_member_of_staff_of_a_batch_is_priced(api: Api) -> None:
    admin = await merchant(api)

    async def cost_of(*rows: dict[str, Any]) -> int:
        answer = await admin.send(STAFF, input={"staff": rows, "dryRun": True})
        return int(answer["extensions"]["cost"]["requested"])

    assert await cost_of(person("a"), person("b")) - await cost_of(person("a")) >= 1_000


async def test_nodes_of_grants_are_looked_up_once_for_all_rows(api: Api) -> None:
    admin = await merchant(api)

    async def looked_up(*usernames: str) -> int:
        rows = [
            {**person(name), "grants": [*person(name)["grants"], *person(name, "PICKER")["grants"]]}
            for name in usernames
        ]
        with counting() as statements:
            made = await admin.do(STAFF, input={"staff": rows})
        assert made["created"] == len(rows)
        return sum('FROM "organisation"' in each and '"code" IN' in each for each in statements)

    once = await looked_up("one")
    assert once > 0
    assert await looked_up("two", "three", "four") == once
    changed = [{**person(name, "GUIDE"), "name": "new"} for name in ("one", "two", "three")]
    with counting() as statements:
        done = await admin.do(STAFF, input={"staff": changed})
    assert done["updated"] == 3
    by_code = [each for each in statements if 'FROM "organisation"' in each and '"code"' in each]
    assert len([each for each in by_code if "WHERE" in each and '"code" IN' in each]) == once
    names = ("one", "two", "three")
    left = await StaffGrant.filter(
        staff_id__in=Subquery(Staff.filter(username__in=names).values("id"))
    )
    assert sorted(each.role for each in left) == ["GUIDE"] * 3


async def test_of_a_faulty_member_of_staff_nothing_is_written(api: Api) -> None:
    admin = await merchant(api)
    rows = [person("wang"), person("li", place="NONE", name="x"), person("admin"), person("w")]
    answer = (await admin.ask(STAFF, input={"staff": rows}))["staffUpsert"]
    assert [each["ok"] for each in answer["results"]] == [True, False, False, False]
    assert [each["path"] for each in answer["userErrors"]] == [
        ["staff", "1", "grants", "0", "organisationCode"],
        ["staff", "2", "username"],
        ["staff", "3", "username"],
    ]
    assert await Staff.filter(username__in=["wang", "li", "w"]).count() == 0
    grants = await StaffGrant.all().count()
    skipped = (await admin.ask(STAFF, input={"staff": rows, "onError": "SKIP_FAILED"}))[
        "staffUpsert"
    ]
    assert (skipped["created"], skipped["updated"], skipped["userErrors"]) == (1, 0, [])
    assert [each["ok"] for each in skipped["results"]] == [True, False, False, False]
    assert [each["nodeId"] is None for each in skipped["results"]] == [False, True, True, True]
    assert await Staff.filter(username__in=["wang", "li", "w"]).count() == 1
    assert await StaffGrant.all().count() == grants + 1


async def test_rows_of_stock_and_prices_answer_their_variant(api: Api) -> None:
    admin = await merchant(api)
    product = {"code": "MILK", "name": "纯牛奶", "variants": [{"sku": "MILK-1L", "price": "9.90"}]}
    made = await admin.do(CATALOG, input={"products": [product]})
    rows = [{"locationCode": "S1", "sku": "MILK-1L", "quantity": 3}]
    level = await admin.do(STOCK, input={"rows": rows, "idempotencyKey": "k"})
    ask = '{ product(id: "product:MILK") { id } variant(id: "sku:MILK-1L") { id } }'
    found = await admin.ask(ask)
    assert made["results"] == [{"nodeId": found["product"]["id"]}]
    assert level["results"] == [{"nodeId": found["variant"]["id"]}]
