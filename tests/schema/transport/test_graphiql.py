"""GraphiQL is complete without any other server, and runs no inline script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from schema.transport.graphiql import ASSETS
from tests.schema.toy_server import toy_server

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with toy_server() as address:
        yield f"http://{address}/graphql"


def test_a_browser_gets_the_page(url: str) -> None:
    page = httpx.get(url, headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-endpoint="/graphql"' in page.text
    assert "products(first: 3)" in unescape(page.text)


def test_scripts_come_from_us_alone(url: str) -> None:
    page = httpx.get(url, headers=BROWSER)
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
    assert re.findall(r"\son\w+=", page.text) == []
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', page.text))


def test_every_file_of_the_page_is_served(url: str) -> None:
    page = httpx.get(url, headers=BROWSER)
    addresses = re.findall(r'(?:src|href)="(/[^"]*)"', page.text)
    assert len(addresses) == 6
    for address in addresses:
        file = httpx.get(urljoin(url, address))
        assert file.status_code == 200, address
        assert file.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")


def test_programs_get_json(url: str) -> None:
    response = httpx.get(url, params={"query": "{ hello }"})
    assert response.headers["content-type"].startswith("application/json")
    posted = httpx.post(url, json={"query": "{ hello }"}, headers={"Accept": "text/html"})
    assert posted.status_code == 406


def test_files_elsewhere_are_not_served(url: str) -> None:
    for path in ("/graphiql/../graphiql.py", "/graphiql/%2e%2e/%2e%2e/graphiql.py", "/graphiql/"):
        assert httpx.get(urljoin(url, path)).status_code == 404


def test_the_files_are_few_and_licensed() -> None:
    files = {path.name: path.stat().st_size for path in ASSETS.iterdir()}
    assert sum(files.values()) < 3_000_000
    assert "LICENCES.txt" in files
