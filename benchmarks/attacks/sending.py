"""A raw HTTP client for attacks, which counts responses without storing them."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.client import HOST, operation

KEPT_BYTES = 4_000
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """A response; `status` 0 is none, `start` is the beginning of the body."""

    status: int
    size: int
    start: bytes = b""
    why: str = ""

    def json(self) -> Any:
        """Return the parsed body, or None if it was not stored whole or is no JSON."""
        try:
            return json.loads(self.start) if len(self.start) == self.size else None
        except ValueError:
            return None

    def says(self) -> str:
        """Return the status and the code of the first error."""
        if self.status == 0:
            return self.why or "no answer"
        code = re.search(rb'"code":"([A-Z_]+)"', self.start)
        kind = code[1].decode() if code else "errors" if b'"errors":' in self.start else "data"
        return f"{self.status} {kind}"


async def exchange(port: int, request: bytes, seconds: float = 20, kept: int = KEPT_BYTES) -> Reply:
    """Send one request over its own connection, and give up after `seconds`."""
    received = 0
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(HOST, port, limit=2**20)
            try:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                status, length = _STATUS.match(head), _LENGTH.search(head)
                if status is None:
                    return Reply(0, 0, head, "no HTTP")
                expected = int(length[1]) if length else 0
                start = b""
                while received < expected:
                    if not (chunk := await reader.read(2**20)):
                        return Reply(0, received, start, "cut off")
                    received += len(chunk)
                    start += chunk[: max(0, kept - len(start))]
                return Reply(int(status[1]), received, start)
            finally:
                writer.close()
    except TimeoutError:
        return Reply(0, received, b"", f"none in {seconds:g} s")
    except (OSError, asyncio.IncompleteReadError) as error:
        return Reply(0, received, b"", f"hung up ({type(error).__name__})")


async def ask(
    port: int,
    document: str,
    variables: Mapping[str, Any] | None = None,
    *,
    token: str | None = None,
    storefront_key: str | None = None,
    seconds: float = 20,
    kept: int = 200_000,
) -> Reply:
    request = operation(document, variables, token=token, storefront_key=storefront_key)
    return await exchange(port, request, seconds, kept)


async def at_once(port: int, requests: Iterable[bytes], seconds: float = 20) -> list[Reply]:
    """Send all requests at the same time."""
    return list(await asyncio.gather(*(exchange(port, each, seconds) for each in requests)))


def tally(replies: Iterable[Reply]) -> str:
    """Return the number of each kind of reply, the most frequent first."""
    counted = Counter(each.says() for each in replies)
    return ", ".join(f"{number} × {says}" for says, number in counted.most_common(4))
