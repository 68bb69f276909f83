"""A GraphQL client for tests, over real HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import websockets

from settings import Settings


@dataclass(frozen=True)
class Api:
    """Sends documents as whoever its token is; `as_(token)` is somebody else on the same server."""

    client: httpx.AsyncClient
    settings: Settings
    token: str | None = None
    storefront_key: str | None = None
    language: str | None = None

    def as_(self, token: str | None) -> Api:
        return replace(self, token=token)

    def through(self, storefront_key: str | None) -> Api:
        return replace(self, storefront_key=storefront_key)

    def speaking(self, language: str) -> Api:
        return replace(self, language=language)

    @property
    def headers(self) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self.token}" if self.token else None,
            "X-Storefront-Key": self.storefront_key,
            "Accept-Language": self.language,
        }
        return {name: value for name, value in headers.items() if value}

    async def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer: `data`, `errors`, `extensions`."""
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, **variables: Any) -> Any:
        """The answer's data, which must come without top-level errors."""
        answer = await self.send(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, query: str, **variables: Any) -> Any:
        """The payload of the one mutation in the document, which must not be refused."""
        (payload,) = (await self.ask(query, **variables)).values()
        assert payload["userErrors"] == [], payload["userErrors"]
        return payload

    async def refused(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The user errors of the one mutation in the document; there must be some."""
        (payload,) = (await self.ask(query, **variables)).values()
        errors: list[dict[str, Any]] = payload["userErrors"]
        assert errors
        return errors

    async def staff(self, username: str = "admin", password: str = "admin-password") -> Api:
        payload = await self.do(
            "mutation($input: StaffSignInInput!) { staffSignIn(input: $input)"
            " { accessToken userErrors { code message } } }",
            input={"username": username, "password": password},
        )
        return self.as_(payload["accessToken"])

    async def guest(self) -> Api:
        payload = await self.do("mutation { guestSignIn { accessToken userErrors { code } } }")
        return self.as_(payload["accessToken"])

    def codes_sent(self) -> list[dict[str, str]]:
        """The text messages sent so far, oldest first."""
        path = Path(self.settings.sms_outbox)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @asynccontextmanager
    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator[Subscription]:
        url = self.settings.base_url.replace("http", "ws", 1) + "/graphql"
        async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"type": "connection_init", "payload": self.headers}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": query, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            yield Subscription(socket)


@dataclass(frozen=True)
class Subscription:
    """One running subscription over graphql-transport-ws."""

    socket: Any

    async def next(self, seconds: float = 60) -> dict[str, Any]:
        """The payload of the next event: `data`, `errors`, `extensions`."""
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), seconds))
            if message["type"] == "ping":
                await self.socket.send(json.dumps({"type": "pong"}))
                continue
            assert message["type"] == "next", message
            payload: dict[str, Any] = message["payload"]
            return payload

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for so long."""
        try:
            await self.next(seconds)
        except TimeoutError:
            return True
        return False
