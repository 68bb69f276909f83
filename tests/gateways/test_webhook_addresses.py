from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any

import pytest

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
