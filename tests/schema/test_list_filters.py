"""Lists of what a chain keeps: cut by every field of their filter, counted as a whole, refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from models.accounts.staff import Staff
from models.integrations.bulk import BulkOperation
from models.integrations.webhooks import Webhook
from tests.make.api import Api
from tests.make.changes import erp_of
from tests.make.documents import document
from tests.make.persons import staff
from tests.make.shop import open_shop
from tests.make.statements import counting

LISTS = {
    "apiClients": ("ApiClientFilter", "name"),
    "storefronts": ("StorefrontFilter", "code"),
    "priceLists": ("PriceListFilter", "code"),
    "bulkOperations": ("BulkOperationFilter", "fileName"),
    "suppliers": ("SupplierFilter", "code"),
    "organisations": ("OrganisationFilter", "code"),
}
CREATE_WEBHOOK = """mutation($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { webhook { id } userErrors { code } } }"""
WEBHOOKS = "query($filter: WebhookFilter) { webhooks(filter: $filter) { url } }"
AS_OF = """query($at: DateTime!, $filter: StockSnapshotFilter) {
  stockAsOf(at: $at, filter: $filter, first: 1) { totalCount edges { node { onHand } } } }"""
CHANGES = """query($filter: ChangeFilter, $after: String) {
  changes(filter: $filter, after: $after) { edges { cursor node { sequence } } } }"""


def asking(name: str, selected: str) -> str:
    kind, _ = LISTS[name]
    cut = "filter: $filter, first: $first, after: $after"
    return (
        f"query($filter: {kind}, $first: Int, $after: String) {{ {name}({cut}) {{ {selected} }} }}"
    )


async def found(who: Api, name: str, **wanted: Any) -> list[str]:
    """What the nodes that are wanted are called; the count is the same."""
    _, column = LISTS[name]
    page = (
        await who.ask(asking(name, f"totalCount edges {{ node {{ {column} }} }}"), filter=wanted)
    )[name]
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"][column] for edge in page["edges"]]


async def refused(who: Api, query: str, **variables: Any) -> tuple[str, list[str]]:
    """The code of a refusal, and the input that it names."""
    (error,) = (await who.send(query, **variables))["errors"]
    return error["extensions"]["code"], error["extensions"].get("inputPath")


@pytest.fixture
async def admin(api: Api) -> Api:
    """The platform's, of a chain with two shops."""
    admin = await api.staff()
    for code in ("ONE", "TWO"):
        await open_shop(admin, 5, code=code)
    return admin


async def test_machines_are_cut_by_name_node_and_state(admin: Api) -> None:
    for name, code in (("Till one", "ONE"), ("Till two", "TWO"), ("Stock 100%", "TWO")):
        given = {"name": name, "scopes": ["STOCK_READ"], "organisationCode": code}
        made = await admin.do(document("hq/api_client_create"), input=given)
    revoked = {"apiClientId": made["client"]["id"], "reason": "gone"}
    await admin.do(document("hq/api_client_revoke"), input=revoked)

    assert await found(admin, "apiClients") == ["Stock 100%", "Till one", "Till two"]
    assert await found(admin, "apiClients", search="till") == ["Till one", "Till two"]
    assert await found(admin, "apiClients", search="%") == ["Stock 100%"]
    assert await found(admin, "apiClients", organisationCode="TWO") == ["Stock 100%", "Till two"]
    assert await found(admin, "apiClients", active=False) == ["Stock 100%"]
    assert await found(admin, "apiClients", active=True, organisationCode="TWO") == ["Till two"]

    boss = await staff(admin, "ONE", "ADMIN")
    assert await found(boss, "apiClients") == ["Till one"]
    query = asking("apiClients", "totalCount")
    for code in ("TWO", "NOWHERE"):
        answer = await refused(boss, query, filter={"organisationCode": code})
        assert answer == ("NOT_FOUND", ["filter", "organisationCode"])


async def test_applications_are_cut_by_name_code_channel_node_and_state(admin: Api) -> None:
    for code, channel, node in (
        ("S-APP", "APP", "ONE"),
        ("S-WX", "WECHAT", "TWO"),
        ("S-H5", "H5", "TWO"),
    ):
        given = {
            "code": code,
            "name": f"Client {channel}",
            "channel": channel,
            "organisationCode": node,
        }
        made = await admin.do(document("hq/storefront_create"), input=given)
    off = {"storefrontId": made["storefront"]["id"], "active": False}
    await admin.do(document("hq/storefront_update"), input=off)

    assert await found(admin, "storefronts") == ["S-APP", "S-H5", "S-WX"]
    assert await found(admin, "storefronts", search="s-a") == ["S-APP"]
    assert await found(admin, "storefronts", search="client w") == ["S-WX"]
    assert await found(admin, "storefronts", channel=["APP", "H5"]) == ["S-APP", "S-H5"]
    assert await found(admin, "storefronts", channel=[]) == []
    assert await found(admin, "storefronts", organisationCode="TWO") == ["S-H5", "S-WX"]
    assert await found(admin, "storefronts", organisationCode="TWO", active=True) == ["S-WX"]
    boss = await staff(admin, "ONE", "ADMIN")
    assert await found(boss, "storefronts", active=True) == ["S-APP"]


async def test_price_lists_are_cut_by_kind_key_state_and_moment(admin: Api) -> None:
    lists = [
        {"code": "APP", "name": "App prices", "kind": "CHANNEL", "key": "APP"},
        {"code": "ONE-MAY", "name": "May", "kind": "STORE", "key": "ONE",
         "validFrom": "2026-05-01T00:00:00Z", "validTo": "2026-06-01T00:00:00Z"},
        {"code": "OLD", "name": "Old app prices", "kind": "CHANNEL", "key": "APP", "active": False},
    ]  # fmt: skip
    await admin.do(document("erp/price_list_upsert"), input={"priceLists": lists})
    assert await found(admin, "priceLists") == ["APP", "OLD", "ONE-MAY"]
    assert await found(admin, "priceLists", search="app pri") == ["APP", "OLD"]
    assert await found(admin, "priceLists", kind=["STORE", "TIER"]) == ["ONE-MAY"]
    assert await found(admin, "priceLists", key="APP", active=True) == ["APP"]
    for moment, expected in (
        ("2026-04-30T23:59:59Z", []), ("2026-05-01T00:00:00Z", ["ONE-MAY"]),
        ("2026-05-31T23:59:59Z", ["ONE-MAY"]), ("2026-06-01T00:00:00Z", []),
    ):  # fmt: skip
        assert await found(admin, "priceLists", kind=["STORE"], validAt=moment) == expected
    assert await found(admin, "priceLists", key="APP", validAt="1970-01-01T00:00:00Z") == [
        "APP",
        "OLD",
    ]


async def test_bulk_operations_are_cut_by_kind_status_and_time_and_are_one_s_own(
    admin: Api,
) -> None:
    someone = await Staff.get(username="admin")
    for name, kind, status in (
        ("a", "STOCK", "COMPLETED"), ("b", "PRICES", "QUEUED"), ("c", "STOCK", "FAILED"),
    ):  # fmt: skip
        await BulkOperation.create(
            kind=kind, status=status, format="CSV", all_or_nothing=False, dry_run=False,
            actor_kind="STAFF", actor_id=someone.id, file=name, file_name=name, file_bytes=1,
        )  # fmt: skip
    assert await found(admin, "bulkOperations") == ["c", "b", "a"]
    assert await found(admin, "bulkOperations", kind=["STOCK"]) == ["c", "a"]
    assert await found(admin, "bulkOperations", status=["FAILED", "CANCELLED"]) == ["c"]
    assert await found(admin, "bulkOperations", kind=["PRICES"], status=["FAILED"]) == []
    later = "2999-01-01T00:00:00Z"
    assert await found(admin, "bulkOperations", createdTo=later) == ["c", "b", "a"]
    assert await found(admin, "bulkOperations", createdFrom=later) == []
    other = await staff(admin, "PLATFORM", "ADMIN")
    assert await found(other, "bulkOperations") == []


async def test_stock_of_the_past_is_of_a_variant_or_a_location(admin: Api) -> None:
    shop = await open_shop(admin, 7, code="THREE")
    now = "2026-01-01T00:00:00Z"
    page = (await admin.ask(AS_OF, at=now, filter={"locationId": "store:THREE"}))["stockAsOf"]
    assert page == {"totalCount": 1, "edges": [{"node": {"onHand": 0}}]}
    both = {"locationId": "store:ONE", "variantId": shop.variant_id}
    assert (await admin.ask(AS_OF, at=now, filter=both))["stockAsOf"]["totalCount"] == 0
    for nothing in (None, {}):
        answer = await refused(admin, AS_OF, at=now, filter=nothing)
        assert answer == ("INVALID", ["filter", "locationId"])
    boss = await staff(admin, "ONE", "MANAGER")
    foreign = await boss.ask(AS_OF, at=now, filter={"locationId": "store:THREE"})
    assert foreign["stockAsOf"] == {"totalCount": 0, "edges": []}


async def test_changes_are_cut_to_a_node_and_a_cursor_is_good_for_one(admin: Api) -> None:
    everything = (await admin.ask(CHANGES))["changes"]["edges"]
    at_one = (await admin.ask(CHANGES, filter={"organisationCode": "ONE"}))["changes"]["edges"]
    assert 0 < len(at_one) < len(everything)
    erp = await erp_of(admin, "ONE")
    assert (await erp.ask(CHANGES))["changes"]["edges"] != []
    stock = {"organisationCode": "ONE", "types": ["STOCK_CHANGED"]}
    assert len((await admin.ask(CHANGES, filter=stock))["changes"]["edges"]) == 1
    assert len((await erp.ask(CHANGES, filter=stock))["changes"]["edges"]) == 1
    cursor = at_one[0]["cursor"]
    other = {"organisationCode": "TWO"}
    assert await refused(admin, CHANGES, filter=other, after=cursor) == ("INVALID", ["after"])
    foreign = await refused(erp, CHANGES, filter=other)
    assert foreign == ("NOT_FOUND", ["filter", "organisationCode"])


async def test_webhooks_are_cut_by_node_and_state(admin: Api) -> None:
    for code in ("ONE", "TWO"):
        given = {"url": f"https://example.com/{code}", "topics": ["ALL"], "organisationCode": code}
        await admin.do(CREATE_WEBHOOK, input=given)
    await Webhook.filter(url__endswith="TWO").update(active=False, failing_since=datetime.now(UTC))

    async def urls(**wanted: Any) -> list[str]:
        return [each["url"][-3:] for each in (await admin.ask(WEBHOOKS, filter=wanted))["webhooks"]]

    assert await urls() == ["ONE", "TWO"]
    assert await urls(organisationCode="ONE") == ["ONE"]
    assert await urls(active=False) == await urls(failing=True) == ["TWO"]
    assert await urls(active=True, failing=True) == []
    nowhere = await refused(admin, WEBHOOKS, filter={"organisationCode": "NOWHERE"})
    assert nowhere == ("NOT_FOUND", ["filter", "organisationCode"])


@pytest.mark.parametrize(
    "name", ["apiClients", "storefronts", "priceLists", "suppliers", "organisations"]
)
async def test_a_text_that_is_no_text_to_search_is_named(admin: Api, name: str) -> None:
    for text in ("", " ", "x" * 101):
        answer = await refused(admin, asking(name, "totalCount"), filter={"search": text})
        assert answer == ("INVALID", ["filter", "search"]), text


@pytest.mark.parametrize("name", LISTS)
async def test_a_count_is_one_statement_and_none_where_it_is_not_asked_for(
    admin: Api, name: str
) -> None:
    page = "edges { node { id } } pageInfo { hasNextPage }"
    sent = []
    for selected in (page, f"totalCount {page}"):
        with counting() as statements:
            await admin.ask(asking(name, selected))
        sent.append(statements)
    plain, counted = sent
    assert len(counted) == len(plain) + 1
    assert not any("COUNT(" in each for each in plain)
    assert sum("COUNT(" in each for each in counted) == 1
