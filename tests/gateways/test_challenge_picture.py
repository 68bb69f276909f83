"""Pictures of the built-in challenge: pixels, with nothing in the document to read the digits from."""

from __future__ import annotations

import re
import struct
import time
import zlib
from base64 import b64decode

from gateways.challenge_picture import HEIGHT, WIDTH, picture

DOCUMENT = re.compile(
    r'<svg [^<>]*><image width="192" height="64" href="data:image/png;base64,([A-Za-z0-9+/=]+)"/></svg>'
)


def rows_of(png: bytes) -> bytes:
    """What the parts say and hold: each with its length and checksum."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    place, parts = 8, dict[bytes, bytes]()
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, place + 8 + length)
        assert checksum == zlib.crc32(kind + data)
        parts[kind], place = data, place + 12 + length
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", parts[b"IHDR"]) == (WIDTH, HEIGHT, 2, 0, 0, 0, 0)
    return zlib.decompress(parts[b"IDAT"])


def image_of(document: str) -> bytes:
    found = DOCUMENT.fullmatch(document)
    assert found
    return rows_of(b64decode(found[1]))


def test_a_picture_is_pixels_alone() -> None:
    for digits in ("01234", "56789"):
        rows = image_of(picture(digits))
        assert len(rows) == HEIGHT * (WIDTH // 4 + 1)
        assert len(set(rows)) > 20  # greys and specks


def test_no_two_pictures_of_the_same_digits_are_alike() -> None:
    pictures = [image_of(picture("11111")) for _ in range(20)]
    assert len(set(pictures)) == 20
    # Nor much alike: what is dark in one is elsewhere in the other.
    first, second = pictures[:2]
    assert sum(a != b for a, b in zip(first, second, strict=True)) > len(first) / 4


def test_a_picture_is_small_and_drawn_quickly() -> None:
    picture("8" * 5)
    began = time.process_time()
    sizes = [len(picture("8" * 5)) for _ in range(20)]
    assert (time.process_time() - began) / 20 < 0.05
    assert max(sizes) < 6_000
