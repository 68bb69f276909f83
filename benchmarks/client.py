"""A small HTTP/1.1 client with little overhead: requests are prepared bytes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
ANSWER_SECONDS = 60
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class WrongAnswer(Exception):
    """The server gave a wrong response, so no figure is valid."""


@dataclass(slots=True)
class Connection:
    """One keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator[Connection]:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**22)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the response. Raises: TimeoutError, asyncio.IncompleteReadError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            self.writer.write(request)
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, length = _STATUS.match(head), _LENGTH.search(head)
            if status is None or length is None:
                raise WrongAnswer(f"no status or no length: {head!r}")
            return int(status[1]), await self.reader.readexactly(int(length[1]))


def request(
    method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def operation(
    document: str,
    variables: Mapping[str, Any] | None = None,
    *,
    token: str | None = None,
    storefront_key: str | None = None,
) -> bytes:
    """Return a GraphQL request by POST."""
    body = json.dumps({"query": document, "variables": variables or {}}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if storefront_key:
        headers["X-Storefront-Key"] = storefront_key
    return request("POST", "/graphql", headers, body)


def data_of(status: int, body: bytes) -> dict[str, Any]:
    """Return the data of a GraphQL response. Raises: WrongAnswer for another status or any error."""
    answer = json.loads(body) if status == 200 else {}
    if not answer.get("data") or "errors" in answer:
        raise WrongAnswer(f"{status}: {body[:2000].decode(errors='replace')}")
    data: dict[str, Any] = answer["data"]
    return data


def payload_of(status: int, body: bytes) -> dict[str, Any]:
    """Return the payload of the one mutation. Raises: WrongAnswer if it was refused."""
    (payload,) = data_of(status, body).values()
    if payload["userErrors"]:
        raise WrongAnswer(f"refused: {payload['userErrors']}")
    return dict(payload)
