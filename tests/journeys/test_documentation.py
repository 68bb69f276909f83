"""Every query in the documentation runs against the demo chain that `make serve` plants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from resolvers.context import SYSTEM, Context
from resolvers.demo.chain import plant_demo_chain
from server import make_gateways
from tests.make.api import Api

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/*.md")]
FENCE = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Who sends what; everything else a visitor may send.
SENDERS = {
    **dict.fromkeys(("SetStock", "SetPrices", "StockValue", "Feed", "Listen"), "demo-hq"),
    "Scan": "demo-guide",
}
# What is shown for the way it is refused.
REFUSED = {"Tell"}


def blocks() -> Iterator[Any]:
    for page in sorted(PAGES):
        for number, block in enumerate(FENCE.findall(page.read_text(encoding="utf-8"))):
            yield pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")


@pytest.mark.parametrize("block", list(blocks()))
async def test_what_the_documentation_shows_works(block: str, api: Api) -> None:
    gateways = make_gateways(api.settings)
    await plant_demo_chain(Context(settings=api.settings, gateways=gateways, actor=SYSTEM))
    (operation,) = parse(block).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name
    name = operation.name.value
    sender = await api.staff(SENDERS[name], "quintet-demo") if name in SENDERS else api
    (answer,) = (await sender.through("demo-wechat").ask(block)).values()
    assert answer
    assert bool(answer.get("userErrors")) is (name in REFUSED)
    if "edges" in answer:
        assert answer["edges"]


def test_the_documentation_shows_queries() -> None:
    assert len(list(blocks())) >= 12


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
