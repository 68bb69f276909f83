"""What pages show of goods, brands and categories: pictures, films and stories, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from models.bounds import Bound
from models.catalog.products import MediaKind
from models.errors import InvalidInput
from resolvers.bulk_rows import Faults, Unset
from resolvers.validation import INT32_MAX, line_of, text_of

Path = tuple[str | int, ...]
Medium = dict[str, str]  # url, alt and kind, as it is kept
N = TypeVar("N", None, Unset | None)
LONGEST_STORY = 20_000
# What may stand in a path, query or fragment. An escape is no control character: programs stop reading there.
_PART = r"(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%(?:[2-689A-Fa-f][0-9A-Fa-f]|7[0-9A-Ea-e]))*"
# A host is followed by a slash or nothing: of `http://a#@b`, some programs read that it is `b`.
_ADDRESS = re.compile(
    r"https?://(?P<host>[A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"(?:/{_PART}(?:#{_PART})?)?",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9\-_]{1,63}(?<!-)", re.ASCII)


@dataclass(frozen=True, slots=True)
class MediaDraft:
    url: str
    alt: str | None = None
    kind: MediaKind | None = None


def media_of(
    media: Sequence[MediaDraft] | None, faults: Faults, path: Path, most: Bound
) -> list[Medium] | None:
    """As they are kept; what is wrong with them goes to `faults`."""
    if media is None:
        return None
    if len(media) > most:
        faults.add(
            InvalidInput(
                "Give {minimum} to {maximum} of these.", path=path, minimum=0, maximum=most
            )
        )
    return [_medium(each, faults, (*path, place)) for place, each in enumerate(most.cut(media))]


def medium_of(medium: MediaDraft | N, faults: Faults, path: Path) -> Medium | N:
    """The same of a single one."""
    return _medium(medium, faults, path) if isinstance(medium, MediaDraft) else medium


def story_of(text: str | N, *path: str | int) -> str | N:
    """Raises: InvalidInput."""
    if not isinstance(text, str):
        return text
    return text_of(text.replace("\r\n", "\n"), path, LONGEST_STORY, 0)


def position_of(position: int | N, *path: str | int) -> int | N:
    """A place among others. Raises: InvalidInput."""
    if isinstance(position, int) and not 0 <= position <= INT32_MAX:
        raise InvalidInput(
            "{name} must lie between 0 and {maximum}.",
            path=path,
            name="position",
            maximum=INT32_MAX,
        )
    return position


def _medium(medium: MediaDraft, faults: Faults, path: Path) -> Medium:
    return {
        "url": faults.check(_url, medium.url, (*path, "url")),
        "alt": faults.check(line_of, medium.alt or "", (*path, "alt"), 200, 0),
        "kind": str(medium.kind or MediaKind.IMAGE),
    }


def _url(text: str, path: Path) -> str:
    address = line_of(text, path, 1000)
    found = _ADDRESS.fullmatch(address)
    if not found or not _is_host(found["host"]) or not 0 < int(found["port"] or 1) <= 65535:
        raise InvalidInput(
            "An address starts with http:// or https:// and a host, and holds no passwords and nothing"
            " that has to be escaped there.",
            path=path,
        )
    return address


def _is_host(host: str) -> bool:
    try:
        if host.startswith("["):
            return bool(IPv6Address(host[1:-1]))
        if host.rpartition(".")[2].isdigit():  # which no domain ends in
            return bool(IPv4Address(host))
    except ValueError:
        return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))
