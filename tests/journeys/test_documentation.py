"""Every query in the documentation runs against the demo chain that `make serve` plants."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from gateways.wiring import make_gateways
from resolvers.context import SYSTEM, Context
from resolvers.demo.chain import plant_demo_chain
from resolvers.demo.goods import ERP_SECRET, PASSWORD
from tests.make.api import Api

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("examples/*.md")]
FENCE = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Who sends what; everything else a visitor may send.
SENDERS = {
    "SetStock": "erp",
    **dict.fromkeys(("SetPrices", "StockValue", "Feed", "Listen"), "demo-hq"),
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
    sender = api
    if name in SENDERS:
        by_secret = SENDERS[name] == "erp"
        sender = api.as_(ERP_SECRET) if by_secret else await api.staff(SENDERS[name], PASSWORD)
    (answer,) = (await sender.through("demo-wechat").ask(block)).values()
    assert answer
    assert bool(answer.get("userErrors")) is (name in REFUSED)
    if "edges" in answer:
        assert answer["edges"]


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
async def test_what_is_shown_at_a_terminal_comes_so(api: Api) -> None:
    """`$ command` and what it prints; `…` is any text to the end of the line. One shell for a page."""
    gateways = make_gateways(api.settings)
    await plant_demo_chain(Context(settings=api.settings, gateways=gateways, actor=SYSTEM))
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    lines = "".join(CONSOLE.findall(page)).splitlines()
    script = "\n".join(line[2:] for line in lines if line.startswith("$ "))
    expected = [line for line in lines if not line.startswith("$ ")]
    script = script.replace("http://127.0.0.1:8000", api.settings.base_url)
    # Each answer ends in a line of its own, whether curl prints one or not.
    shell = f"set -e; curl() {{ command curl --noproxy '*' \"$@\"; echo; }}; {script}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", shell, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    printed = [line for line in output.decode().splitlines() if line]
    assert process.returncode == 0
    assert len(printed) == len(expected) > 8
    for shown, line in zip(expected, printed, strict=True):
        start, any_text, _ = shown.partition("…")
        assert line.startswith(start)
        assert any_text or line == shown


def test_the_documentation_shows_queries() -> None:
    assert len(list(blocks())) >= 12


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
