from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways import GatewayError
from gateways import webhooks as gateway
from gateways.addresses import is_public
from gateways.webhooks import HttpWebhooks
from tests.make.receiver import receiving

HIDDEN = [
    *("127.0.0.1", "127.255.1.2", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::"),
    "2001:0:0:0:0:0:80ff:fffe",
]
OPEN = [
    *("1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1"),
    *("2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]
LOCAL = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0",
]


@pytest.mark.parametrize(
    ("text", "public"), [*((each, False) for each in HIDDEN), *((each, True) for each in OPEN)]
)
def test_only_public_addresses_are_public(text: str, public: bool) -> None:
    assert is_public(ip_address(text)) is public


def webhooks(**options: Any) -> HttpWebhooks:
    return HttpWebhooks(
        **{"private_addresses": False, "plain_http": True, "seconds": 30, **options}
    )


async def send(to: HttpWebhooks, url: str) -> tuple[int, str]:
    async with to.to(url) as receiver:
        return await receiver.send({}, b'{"sequence": "1"}')


async def test_no_name_leads_into_our_own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver:
        port = receiver.port
        for host in LOCAL:
            with pytest.raises(GatewayError, match="public"):
                await send(webhooks(), f"http://{host}:{port}/hook")
        assert receiver.messages == []

        async def mixed(host: str, port: int) -> list[Any]:
            return [ip_address("8.8.8.8"), ip_address("127.0.0.1")]

        monkeypatch.setattr(gateway, "resolve", mixed)
        with pytest.raises(GatewayError, match="public"):
            await send(webhooks(), f"http://shop.example:{port}/hook")


async def test_what_was_checked_is_what_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time (DNS rebinding) is not asked a second time."""
    asked = []

    async def once(host: str, port: int) -> list[Any]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    monkeypatch.setattr(gateway, "resolve", once)
    async with receiving() as receiver:
        url = f"http://shop.example:{receiver.port}/hook"
        allowed = webhooks(private_addresses=True)
        async with allowed.to(url) as target:
            for _ in range(3):
                assert await target.send({}, b'{"sequence": "1"}') == (200, "no")
        assert asked == ["shop.example"]
        assert {m.headers["host"] for m in receiver.messages} == {f"shop.example:{receiver.port}"}


async def test_the_next_address_is_tried_when_one_takes_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def two(host: str, port: int) -> list[Any]:
        return [ip_address("127.0.0.2"), ip_address("127.0.0.1")]

    monkeypatch.setattr(gateway, "resolve", two)
    async with receiving() as receiver:
        assert (
            await send(webhooks(private_addresses=True), f"http://a.example:{receiver.port}/hook")
        )[0] == 200


async def test_the_certificate_must_be_the_hosts(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS is to the name, although the connection is to an address."""
    names: list[str | None] = []

    async def here(host: str, port: int) -> list[Any]:
        return [ip_address("127.0.0.1")]

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(4096)
        names.append("shop.example" if b"shop.example" in data else None)
        writer.close()

    monkeypatch.setattr(gateway, "resolve", here)
    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(GatewayError):
        await send(webhooks(private_addresses=True), f"https://shop.example:{port}/hook")
    server.close()
    assert names == ["shop.example"]


@pytest.mark.parametrize(
    ("url", "plain_http", "fault"),
    [
        ("http://shop.example/", False, True),
        ("http://shop.example/", True, False),
        ("https://shop.example/a?b=c", False, False),
        ("https://10.0.0.1/", False, True),
        ("https://[::1]/", False, True),
        ("gopher://shop.example/", True, True),
    ],
)
def test_addresses_are_checked_when_they_are_given(url: str, plain_http: bool, fault: bool) -> None:
    assert bool(webhooks(plain_http=plain_http).fault(url)) is fault


INNER = [
    *(
        "https://2130706433/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://0x7f000001",
        "https://0/",
    ),
    *("https://127.0.0.1./", "https://localhost/", "https://LOCALHOST./", "https://a.localhost"),
    *("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/"),
    *("https://redis/", "https://db.internal/", "https://db.INTERNAL./", "https://nas.home.arpa/"),
    *("https://printer.local", "https://169.254.169.254/latest", "https://[fd00:ec2::254]/"),
    *("https://10.1", "https://192.168.257", "https://3232235521/"),
]
MALFORMED = [
    *(
        "https:///x",
        "https://a..example/",
        "https://.a.example/",
        "https://a.example../",
        "https://",
    ),
    *(
        "https:// a.example/",
        "https://a.example /x",
        "https://a.example\t/",
        "\nhttps://a.example/",
    ),
    *(
        "https://%6cocalhost/",
        "https://a.example\\@10.0.0.1/",
        "https://1.2.3.4.5/",
        "https://1.2.3.999",
    ),
    *(
        "https://127.0.0.0x",
        "https://user@a.example/",
        "https://u:p@a.example/",
        "https://a.example/#x",
    ),
    *("https://a.example:99999/", "https://a.example:0/", "https://a.example:x/", "https://[::1/"),
    *("https://１２７.0.0.1/", "https://ⓛocalhost/", "javascript:alert(1)", "file:///etc/passwd"),
    *(f"https://{'a' * 64}.example/", f"https://{'a.' * 130}example/", "https://-a.example/"),
]
TAKEN = [
    *("https://shop.example/", "https://shop.example./a", "https://shop.example:8443/a?b=c"),
    *("HTTPS://SHOP.EXAMPLE", "https://例え.example/", "https://a_b.example/", "https://8.8.8.8/"),
    "https://localhost.shop.example/",
]


@pytest.mark.parametrize("url", INNER)
def test_no_notation_of_an_inner_host_is_taken(url: str) -> None:
    assert webhooks().fault(url) == "The address is not a public one."
    assert webhooks(private_addresses=True).fault(url) is None


@pytest.mark.parametrize("url", MALFORMED)
def test_malformed_urls_are_refused_whatever_is_allowed(url: str) -> None:
    assert webhooks(private_addresses=True).fault(url) is not None


@pytest.mark.parametrize("url", ["https://", "https:///hook", "http://"])
def test_a_url_without_a_host_is_told_so(url: str) -> None:
    assert webhooks(private_addresses=True).fault(url) == "The URL names no host."


@pytest.mark.parametrize("url", TAKEN)
def test_public_hosts_are_taken(url: str) -> None:
    assert webhooks().fault(url) is None


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_taken_or_refused(text: str, private: bool) -> None:
    for url in (text, f"https://{text}", f"https://a.example{text}"):
        fault = webhooks(private_addresses=private).fault(url)
        assert fault is None or fault.endswith(".")


def test_only_listed_hosts_are_called() -> None:
    listed = webhooks(hosts=("erp.example",))
    assert listed.fault("https://erp.example/hook") is None
    assert listed.fault("https://eu.erp.example./hook") is None
    for url in ("https://other.example/", "https://notanerp.example/", "https://8.8.8.8/"):
        assert listed.fault(url) == "This server does not call that host."
