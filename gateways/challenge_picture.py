"""Pictures of distorted digits: the digits appear only as pixels, and every picture differs.

A picture is a PNG of four greys inside an SVG document, written without a library in some milliseconds; it
has about 4 kB.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, pi, sin
from random import Random, SystemRandom

WIDTH, HEIGHT, STEP = 192, 64, 35  # four pixels are a byte
DARK, WHITE = 0, 3
SPECKS = 0.09  # share of all pixels
LINES = 3
# The corners of each digit's strokes, on a grid of 2 × 4.
_STROKES = {
    "0": ["00 20 24 04 00"],
    "1": ["01 10 14", "04 24"],
    "2": ["01 00 20 22 02 04 24"],
    "3": ["00 20 24 04", "02 22"],
    "4": ["00 02 22", "20 24"],
    "5": ["20 00 02 22 24 04"],
    "6": ["20 00 04 24 22 02"],
    "7": ["00 20 14"],
    "8": ["00 20 24 04 00", "02 22"],
    "9": ["22 02 00 20 24 04"],
}
Point = tuple[float, float]


def picture(digits: str) -> str:
    """Return an SVG document that shows the digits."""
    # Seeded once from the system, because thousands of random numbers are needed.
    chance = Random(SystemRandom().getrandbits(128))  # noqa: S311 - the seed cannot be guessed
    image = b64encode(_png(_pixels(digits, chance))).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}"><image width="{WIDTH}" height="{HEIGHT}"'
        f' href="data:image/png;base64,{image}"/></svg>'
    )


def _pixels(digits: str, chance: Random) -> bytearray:
    pixels = bytearray([WHITE]) * (WIDTH * HEIGHT)
    bent = _Bend(chance)
    for position, digit in enumerate(digits):
        transform = _Transform(position, chance)
        for stroke in _STROKES[digit]:
            corners = [transform(float(x), float(y)) for x, y in map(tuple, stroke.split())]
            _draw(pixels, [bent(*each) for each in _dense(corners)], 3)
    for _ in range(LINES):
        ends = [(x, chance.uniform(4, HEIGHT - 4)) for x in range(-10, WIDTH + 60, 60)]
        _draw(pixels, [bent(*each) for each in _dense(ends)], 1)
    for _ in range(int(SPECKS * len(pixels))):
        pixels[chance.randrange(len(pixels))] = chance.randrange(WHITE + 1)
    return pixels


class _Transform:
    """The random position, size, rotation and slant of a digit."""

    def __init__(self, position: int, chance: Random) -> None:
        self._left = 26 + position * STEP + chance.uniform(-4, 4)
        self._top = HEIGHT / 2 + chance.uniform(-5, 5)
        self._wide, self._high = chance.uniform(9, 11), chance.uniform(9, 11)
        self._angle, self._slant = chance.uniform(-0.25, 0.25), chance.uniform(-0.2, 0.2)

    def __call__(self, x: float, y: float) -> Point:
        down = (y - 2) * self._high
        right = (x - 1) * self._wide + down * self._slant
        return (
            self._left + right * cos(self._angle) - down * sin(self._angle),
            self._top + right * sin(self._angle) + down * cos(self._angle),
        )


class _Bend:
    """Two random waves across the whole picture."""

    def __init__(self, chance: Random) -> None:
        self._across, self._down = chance.uniform(1, 2), chance.uniform(1.5, 2.5)
        self._long, self._high = chance.uniform(40, 70), chance.uniform(30, 45)
        self._phase, self._other = chance.uniform(0, 2 * pi), chance.uniform(0, 2 * pi)

    def __call__(self, x: float, y: float) -> Point:
        return (
            x + self._across * sin(2 * pi * y / self._high + self._phase),
            y + self._down * sin(2 * pi * x / self._long + self._other),
        )


def _dense(corners: Sequence[Point]) -> Iterator[Point]:
    """Yield points at most a pixel apart, so that waves also bend straight lines."""
    for (left, top), (right, bottom) in pairwise(corners):
        steps = int(hypot(right - left, bottom - top)) + 1
        for step in range(steps + 1):
            fraction = step / steps
            yield left + fraction * (right - left), top + fraction * (bottom - top)


def _draw(pixels: bytearray, points: list[Point], thick: int) -> None:
    for x, y in points:
        left, top = int(x) - thick // 2, int(y) - thick // 2
        for row in range(max(top, 0), min(top + thick, HEIGHT)):
            for column in range(max(left, 0), min(left + thick, WIDTH)):
                pixels[row * WIDTH + column] = DARK


def _png(pixels: bytearray) -> bytes:
    """Encode the pixels. Source: https://www.w3.org/TR/png-3/, greyscale of two bits, no filter."""
    rows = bytearray()
    for start in range(0, len(pixels), WIDTH):
        four = iter(pixels[start : start + WIDTH])
        rows.append(0)
        rows += bytes(
            a << 6 | b << 4 | c << 2 | d for a, b, c, d in zip(four, four, four, four, strict=True)
        )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 2, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
