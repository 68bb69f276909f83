"""Requests that bring files: each is written to disk as it comes in, and never held in memory.

Source: GraphQL multipart request specification,
https://github.com/jaydenseric/graphql-multipart-request-spec
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO

import orjson
from starlette.requests import Request

from models.text.digits import whole_number
from resolvers.integrations.bulk.storage import UploadedFile
from schema.operations.request import GraphQLRequest
from schema.transport.http_request import BadRequest, Pay, graphql_request, holds_nul, is_intricate

MEDIA_TYPE = b"multipart/form-data"
# A form of another site can send multipart, but no header of its own without asking us first.
PREFLIGHT_HEADERS = ("Apollo-Require-Preflight", "GraphQL-Preflight")
MAXIMUM_FILES = 5
MAXIMUM_HEADER_BYTES = 4_096
MAXIMUM_MAP_BYTES = 16_000


@dataclass(frozen=True, slots=True)
class Uploads:
    """Where files go and how large they may be; `admit` raises a Denial for who may not bring any."""

    folder: Callable[[], Path]
    max_file_bytes: int
    admit: Callable[[Request], Awaitable[None]]


def is_multipart(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type", b"").lower().startswith(MEDIA_TYPE)


@asynccontextmanager
async def multipart_request(
    request: Request, uploads: Uploads, max_body_bytes: int, pay: Pay
) -> AsyncIterator[GraphQLRequest]:
    """The operation with its files in their places; whatever nobody has moved away is removed at the end.

    Raises: BadRequest, a Denial, what `pay` raises.
    """
    if not any(request.headers.get(name) for name in PREFLIGHT_HEADERS):
        raise BadRequest(f"A request with files needs the header {PREFLIGHT_HEADERS[0]}: true.")
    await uploads.admit(request)
    form = _Form(uploads, max_body_bytes)
    try:
        await _receive(request, form)
        await pay(form.size_of_operations)
        yield form.request()
    finally:
        form.remove()


async def _receive(request: Request, form: _Form) -> None:
    # Loaded when the first file comes: few processes see one.
    from python_multipart.exceptions import MultipartParseError
    from python_multipart.multipart import MultipartParser, parse_options_header

    if request.method != "POST":
        raise BadRequest("Files are sent by POST.", 405, {"Allow": "POST"})
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise BadRequest("The Content-Type names no boundary.")
    parser = MultipartParser(boundary, form.callbacks())
    try:
        async for chunk in request.stream():
            # Disks are slow at times: no other request waits for this one's.
            await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise BadRequest(f"The body is not multipart/form-data: {error}.") from None


@dataclass(slots=True)
class _Part:
    name: str
    file_name: str | None
    content: bytearray = field(default_factory=bytearray)
    file: BinaryIO | None = None
    path: Path | None = None
    size: int = 0
    hash: Any = field(default_factory=sha256)


class _Form:
    """The parts as they come: `operations`, then `map`, then the files that the map names."""

    def __init__(self, uploads: Uploads, max_body_bytes: int) -> None:
        self._uploads = uploads
        self._max_body_bytes = max_body_bytes
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[str, bytes] = {}
        self._parts: dict[str, _Part] = {}
        self._part: _Part | None = None
        self._paths: dict[str, list[str]] = {}
        self._ended = False

    def callbacks(self) -> Any:
        return {
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def request(self) -> GraphQLRequest:
        """Raises: BadRequest."""
        if not self._ended or "map" not in self._parts:
            raise BadRequest("The parts must be operations, map and then the files.")
        operations = self._json("operations")
        for name, paths in self._paths.items():
            part = self._parts.get(name)
            if part is None or part.path is None:
                raise BadRequest(f"The file {name!r} of the map is missing.")
            file = UploadedFile(part.path, part.file_name or "", part.size, part.hash.hexdigest())
            for path in paths:
                _put(operations, path, file)
        return graphql_request(operations)

    @property
    def size_of_operations(self) -> int:
        part = self._parts.get("operations")
        return part.size if part else 0

    def remove(self) -> None:
        for part in self._parts.values():
            if part.file is not None:
                part.file.close()
            if part.path is not None:
                part.path.unlink(missing_ok=True)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._bound_headers()

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._bound_headers()

    def _bound_headers(self) -> None:
        if len(self._header_name) + len(self._header_value) > MAXIMUM_HEADER_BYTES:
            raise BadRequest("A part has too long a header.")

    def _on_header_end(self) -> None:
        name = self._header_name.decode("latin-1").lower()
        self._headers[name] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        self._headers = {}
        name_bytes = options.get(b"name", b"")
        name = name_bytes.decode(errors="replace")
        given = options.get(b"filename")
        if b"\0" in name_bytes + (given or b""):
            raise BadRequest("The name of a part holds a NUL character.")
        part = _Part(name, None if given is None else given.decode(errors="replace")[-200:])
        self._check_order(part)
        if name not in ("operations", "map"):
            handle, path = mkstemp(dir=self._uploads.folder())
            part.file, part.path = open(handle, "wb"), Path(path)  # noqa: SIM115 - closed with the part
        self._parts[name] = self._part = part

    def _check_order(self, part: _Part) -> None:
        """Files must be named by the map, which comes before them: none is written in vain."""
        wanted = ("operations", "map")[len(self._parts)] if len(self._parts) < 2 else None
        if wanted is not None:
            if part.name != wanted:
                raise BadRequest("The parts must be operations, map and then the files.")
        elif part.name not in self._paths or part.name in self._parts:
            raise BadRequest(f"The map does not name a file {part.name[:40]!r}.")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        assert part is not None  # noqa: S101 - data comes behind headers
        part.size += end - start
        if part.file is None:
            is_map = part.name == "map"
            self._bound(part, MAXIMUM_MAP_BYTES if is_map else self._max_body_bytes)
            part.content += data[start:end]
        else:
            self._bound(part, self._uploads.max_file_bytes)
            part.hash.update(data[start:end])
            part.file.write(data[start:end])

    def _bound(self, part: _Part, limit: int) -> None:
        if part.size > limit:
            sentence = f"The part {part.name[:40]!r} is larger than {limit} bytes."
            raise BadRequest(sentence, 413, {"Connection": "close"})

    def _on_part_end(self) -> None:
        part = self._part
        assert part is not None  # noqa: S101
        if part.file is not None:
            part.file.close()
        elif part.name == "map":
            self._paths = _map(self._json("map"))

    def _on_end(self) -> None:
        self._ended = True

    def _json(self, name: str) -> Any:
        content = bytes(self._parts[name].content)
        if holds_nul(content):
            raise BadRequest(f"{name} holds a NUL character.")
        if is_intricate(content):
            raise BadRequest(f"{name} holds too many values.", 413)
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"{name} is not valid JSON in UTF-8.") from error


def _map(value: Any) -> dict[str, list[str]]:
    """Raises: BadRequest unless it leads from a few files to places in the variables."""
    if (
        not isinstance(value, dict)
        or len(value) > MAXIMUM_FILES
        or not all(
            isinstance(paths, list)
            and 0 < len(paths) <= MAXIMUM_FILES
            and all(isinstance(path, str) for path in paths)
            for paths in value.values()
        )
    ):
        raise BadRequest(f"The map must name at most {MAXIMUM_FILES} files and their places.")
    return value


def _put(operations: Any, path: str, file: UploadedFile) -> None:
    """Put a file where the null of a variable is. Raises: BadRequest."""
    first, *steps = path.split(".")
    if first != "variables" or not steps:
        raise BadRequest("A file's place must lie in the variables.")
    place, last = operations, steps[-1]
    try:
        for step in ("variables", *steps[:-1]):
            place = place[_step(place, step)]
        at = _step(place, last)
        if place[at] is not None:
            raise BadRequest(f"There must be null at {path[:80]}.")
        place[at] = file
    except (KeyError, IndexError, TypeError):
        raise BadRequest(f"The variables have no place {path[:80]}.") from None


def _step(place: Any, step: str) -> Any:
    """The index into a list; None, which none has, for no number."""
    return whole_number(step) if isinstance(place, list) else step
