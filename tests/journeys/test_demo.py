"""What `make serve` promises whoever tries it: who may sign in, open stores, pictures."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from resolvers.context import SYSTEM, Context
from resolvers.demo.chain import demo_sign_ins, plant_demo_chain, renew_demo_code
from resolvers.demo.goods import ERP_SECRET, MEMBER_CODE, MEMBER_PHONE, PRODUCTS
from server import make_gateways
from settings import Settings
from tests.make.api import Api
from tests.make.documents import document


@pytest.fixture
async def demo(api: Api) -> Api:
    ctx = Context(settings=api.settings, gateways=make_gateways(api.settings), actor=SYSTEM)
    await plant_demo_chain(ctx)
    await renew_demo_code(ctx)
    return api


async def test_what_is_printed_lets_the_erp_and_the_member_in(demo: Api) -> None:
    printed = demo_sign_ins()
    assert {ERP_SECRET, MEMBER_PHONE, MEMBER_CODE} <= set(printed.replace(",", " ").split())
    stock = await demo.as_(ERP_SECRET).ask('{ variant(sku: "MILK-1L") { sku available } }')
    assert stock["variant"]["sku"] == "MILK-1L"
    given = {"phone": MEMBER_PHONE, "code": MEMBER_CODE}
    shop = demo.through("demo-wechat")
    signed_in = await shop.do(document("phone/member_sign_in"), input=given)
    member = await shop.as_(signed_in["accessToken"]).ask("{ me { name phone } }")
    assert member["me"]["phone"] == MEMBER_PHONE
    [error] = await shop.refused(document("phone/member_sign_in"), input=given)
    assert error["path"] == ["code"]


async def test_stores_are_open_and_products_have_pictures_that_this_server_draws(demo: Api) -> None:
    seen = await demo.ask(
        "{ stores(first: 20) { edges { node { isOpen } } }"
        " products(first: 50) { edges { node { media { url alt } } } } }"
    )
    stores = [edge["node"]["isOpen"] for edge in seen["stores"]["edges"]]
    assert stores == [True] * len(stores) != []
    pictures = [edge["node"]["media"][0] for edge in seen["products"]["edges"]]
    assert len({each["url"] for each in pictures}) == len(PRODUCTS)
    for picture in pictures[:3]:
        assert picture["url"].startswith(demo.settings.base_url)
        answer = await demo.client.get(picture["url"])
        assert answer.headers["content-type"] == "image/svg+xml"
        assert picture["alt"] in "".join(ElementTree.fromstring(answer.text).itertext())
    unknown = await demo.client.get("/demo/pictures/NOTHING.svg")
    assert unknown.status_code == 404


def test_production_draws_no_pictures(settings: Settings) -> None:
    from schema.browser.demo_pictures import demo_pictures

    assert demo_pictures(replace(settings, environment="production")) == []
