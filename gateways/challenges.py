"""The built-in challenge: a picture of distorted digits.

It stops simple scripts and is meant for development and tests. A program that reads pictures solves it, so
`doctor` reports it as weak in production, where a vendor's gateway should replace it.

No picture is stored. The answer is derived from the challenge's ID and the server's key, and an ID is valid
for one attempt.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from gateways import Limit, OfferedChallenge, RateLimits
from gateways.challenge_picture import picture
from models.keys.signing_keys import KeyRing, SigningKey
from models.text.digits import whole_number

PROVIDER = "PICTURE"
GOOD_FOR = timedelta(minutes=5)
DIGITS = 5


class PictureChallenges:
    is_weak = True  # reported by `doctor` in production

    def __init__(self, keys: KeyRing, rate_limits: RateLimits) -> None:
        self._keys = keys
        self._rate_limits = rate_limits

    async def offer(self, now: datetime) -> OfferedChallenge:
        expires = int((now + GOOD_FOR).timestamp())
        challenge_id = f"{expires}-{secrets.token_urlsafe(12)}"
        answer = answer_of(self._keys.current, challenge_id)
        return OfferedChallenge(provider=PROVIDER, id=challenge_id, image_svg=picture(answer))

    async def verify(self, token: str, remote_address: str, now: datetime) -> bool:
        """Return whether `token`, which is `id.answer`, has the right answer to an unused challenge."""
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
