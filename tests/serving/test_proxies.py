"""Whose word about the client's address is believed."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from serving.proxies import TrustedProxies, address_of
from settings import Settings, SettingsError
from tests.conftest import serving

NETWORKS = [ip_network(each) for each in ("127.0.0.1", "10.0.0.0/8", "fd00::/8")]
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"


def seen(
    peer: str, *headers: tuple[str, str], kind: str = "http", networks: Any = NETWORKS
) -> tuple[str, str]:
    """The client's address and the scheme that the application is given."""
    scope = {
        "type": kind,
        "client": (peer, 4711),
        "scheme": "ws" if kind == "websocket" else "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    TrustedProxies(networks).rewrite(scope)
    return scope["client"][0], scope["scheme"]


@pytest.mark.parametrize(
    ("peer", "chain", "client"),
    [
        (STRANGER, "198.51.100.1", STRANGER),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        (PROXY, "198.51.100.1", "198.51.100.1"),
        (PROXY, "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the left one is what the client wrote
        (PROXY, "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (PROXY, "127.0.0.1", "127.0.0.1"),  # a client of the trusted kind
        (PROXY, "10.9.9.9, 10.0.0.2", "10.9.9.9"),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "198.51.100.1, nonsense", PROXY),
        (PROXY, "198.51.100.1,", PROXY),
        (PROXY, "198.51.100.1:8080", "198.51.100.1"),
        (PROXY, "[2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "[2001:db8::7", PROXY),
        (PROXY, "198.51.100.1:port", PROXY),
        (PROXY, "::ffff:198.51.100.1", "198.51.100.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.9", "198.51.100.1", STRANGER),
        (PROXY, ", ".join(["198.51.100.1"] * 5_000), "198.51.100.1"),
        (PROXY, "9" * 5_000, PROXY),
        (PROXY, "127.1", PROXY),
        (PROXY, "0x7f.0.0.1", PROXY),
    ],
)
def test_the_client_is_the_rightmost_that_no_trusted_proxy_is(
    peer: str, chain: str, client: str
) -> None:
    assert seen(peer, ("X-Forwarded-For", chain)) == (client, "http")
    assert seen(peer, ("X-Forwarded-For", chain), kind="websocket") == (client, "ws")


def test_several_headers_are_one_chain() -> None:
    headers = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "198.51.100.1")]
    assert seen(PROXY, *headers) == ("198.51.100.1", "http")


def test_by_default_nobody_is_believed() -> None:
    headers = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https")]
    for peer in ("127.0.0.1", "::1", PROXY, STRANGER):
        assert seen(peer, *headers, networks=()) == (peer, "http")


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        (PROXY, "https", "https"),
        (PROXY, "HTTPS", "https"),
        (PROXY, "https, http", "http"),
        (PROXY, "gopher", "http"),
        (PROXY, "", "http"),
        (STRANGER, "https", "http"),
    ],
)
def test_the_scheme_is_the_nearest_proxys(peer: str, proto: str, scheme: str) -> None:
    assert seen(peer, ("X-Forwarded-Proto", proto))[1] == scheme
    websocket = {"https": "wss", "http": "ws"}[scheme]
    assert seen(peer, ("X-Forwarded-Proto", proto), kind="websocket")[1] == websocket


@pytest.mark.parametrize(
    "text", ["", " ", "localhost", "1.2.3", "1.2.3.4.5", "::1%eth0]", "[::1]x"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize("given", ["proxy.example", "10.0.0.1/8", "0.0.0.0/0", "::/0", "1.2.3.4 *"])
def test_what_names_no_proxy_stops_the_start(given: str) -> None:
    with pytest.raises(SettingsError, match="QUINTET_TRUSTED_PROXIES"):
        Settings.from_environment({"QUINTET_TRUSTED_PROXIES": given})


def test_proxies_are_read_with_commas_and_blanks() -> None:
    given = {"QUINTET_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8 fd00::/8"}
    assert list(Settings.from_environment(given).proxies) == NETWORKS


@pytest.mark.parametrize(("proxies", "client"), [("", "127.0.0.1"), ("127.0.0.1", "198.51.100.1")])
async def test_a_proxy_on_the_same_machine_is_believed_when_it_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, client: str
) -> None:
    """uvicorn would believe it unasked."""
    addresses: list[str] = []
    monkeypatch.setattr(
        TrustedProxies,
        "rewrite",
        lambda self, scope: addresses.append(_rewritten(self, scope)),
    )
    async with serving(replace(settings, trusted_proxies=proxies)) as api:
        headers = {"X-Forwarded-For": "198.51.100.1"}
        assert (await api.client.get("/health/live", headers=headers)).status_code == 200
    assert addresses == [client]


def _rewritten(proxies: TrustedProxies, scope: Any, rewrite: Any = TrustedProxies.rewrite) -> str:
    rewrite(proxies, scope)
    host: str = scope["client"][0]
    return host
