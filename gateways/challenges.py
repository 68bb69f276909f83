"""The built-in challenge: digits in a picture, drawn as strokes so that no text is in it.

It stops scripts that do not look at pictures, and is what development and tests use. A program that reads
pictures solves it: whoever is attacked by such programs puts a vendor's gateway in its place.

Nothing is kept of a picture. Its answer follows from its ID and the server's key, and an ID is good for one
answer, right or wrong.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from random import SystemRandom

from gateways import Limit, OfferedChallenge, RateLimits
from models.keys.signing_keys import KeyRing, SigningKey
from models.text.digits import whole_number

PROVIDER = "PICTURE"
GOOD_FOR = timedelta(minutes=5)
DIGITS = 5
WIDTH, HEIGHT, STEP = 190, 60, 36
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
_random = SystemRandom()


class PictureChallenges:
    def __init__(self, keys: KeyRing, rate_limits: RateLimits) -> None:
        self._keys = keys
        self._rate_limits = rate_limits

    async def offer(self, now: datetime) -> OfferedChallenge:
        expires = int((now + GOOD_FOR).timestamp())
        challenge_id = f"{expires}-{secrets.token_urlsafe(12)}"
        answer = answer_of(self._keys.current, challenge_id)
        return OfferedChallenge(provider=PROVIDER, id=challenge_id, image_svg=picture(answer))

    async def verify(self, token: str, remote_address: str, now: datetime) -> bool:
        """`token` is `id.answer`."""
        challenge_id, _, answer = token.partition(".")
        expires = whole_number(challenge_id.partition("-")[0])
        if len(token) > 100 or expires is None:
            return False
        if not now.timestamp() < expires <= (now + GOOD_FOR).timestamp() + 1:
            return False
        once = Limit("challenge", challenge_id, 1, int(GOOD_FOR.total_seconds()) + 1)
        if await self._rate_limits.take([once]):
            return False
        typed = answer.strip().encode(errors="replace")
        return any(
            hmac.compare_digest(answer_of(key, challenge_id).encode(), typed)
            for key in self._keys.keys
        )


def answer_of(key: SigningKey, challenge_id: str) -> str:
    number = int.from_bytes(key.digest(f"challenge {challenge_id}")) % 10**DIGITS
    return f"{number:0{DIGITS}d}"


def picture(digits: str) -> str:
    """An SVG document that shows the digits, no two pictures alike."""
    lines = [_line(_digit_points(position, stroke)) for position, stroke in _strokes(digits)]
    noise = [_line([_anywhere(), _anywhere(), _anywhere()]) for _ in range(4)]
    _random.shuffle(lines)
    drawn = "".join([*lines, *noise])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}"><rect width="100%" height="100%" fill="#fff"/>'
        f'<g fill="none" stroke="#333" stroke-width="2.5">{drawn}</g></svg>'
    )


def _strokes(digits: str) -> list[tuple[int, str]]:
    return [(at, stroke) for at, digit in enumerate(digits) for stroke in _STROKES[digit]]


def _digit_points(position: int, stroke: str) -> list[tuple[float, float]]:
    left, top = 10 + position * STEP + _random.uniform(-3, 3), 10 + _random.uniform(-4, 4)
    return [
        (
            left + 11 * int(x) + _random.uniform(-2, 2),
            top + 10 * int(y) + _random.uniform(-2, 2),
        )
        for x, y in map(tuple, stroke.split())
    ]


def _anywhere() -> tuple[float, float]:
    return _random.uniform(0, WIDTH), _random.uniform(0, HEIGHT)


def _line(points: list[tuple[float, float]]) -> str:
    return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
