from __future__ import annotations

from dataclasses import replace

from settings import Settings
from tests.conftest import serving
from tests.make.api import Api

SHARE = (
    "mutation($store: ID) { shareLinkCreate(input: {target: STORE, storeId: $store})"
    " { shareLink { token url opens } userErrors { code message } } }"
)


async def share(api: Api) -> dict[str, str]:
    admin = await api.staff()
    store = {"code": "S1", "name": "A store", "address": {"street": "1"}}
    await admin.do(
        "mutation($s: StoreUpsertRow!) { storeUpsert(input: {stores: [$s]}) { userErrors { code } } }",
        s=store,
    )
    found = await admin.ask('{ store(code: "S1") { id } }')
    payload = await admin.do(SHARE, store=found["store"]["id"])
    link: dict[str, str] = payload["shareLink"]
    return link


async def test_a_shared_link_leads_to_a_page_and_counts_as_opened(api: Api) -> None:
    link = await share(api)
    page = await api.client.get(link["url"])
    assert page.status_code == 200
    assert link["token"] in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    opened = await api.ask("query($t: String!) { shareLink(token: $t) { opens } }", t=link["token"])
    assert opened["shareLink"]["opens"] == 2


async def test_what_is_in_the_address_is_never_markup(api: Api) -> None:
    page = await api.client.get("/c/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "<script" not in page.text
    missing = await api.client.get("/s/nothing")
    assert missing.status_code == 404
    assert "nothing" not in missing.text


async def test_links_lead_to_the_chains_own_page_where_it_has_one(settings: Settings) -> None:
    settings = replace(settings, storefront_url="https://shop.example/")
    async with serving(settings) as api:
        link = await share(api)
    assert link["url"] == f"https://shop.example/s/{link['token']}"
