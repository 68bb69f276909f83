"""What a response says of its caller's budget.

Source: IETF, RateLimit header fields for HTTP (draft-ietf-httpapi-ratelimit-headers): the quota `q` of a
window of `w` seconds in a unit `qu`; `r` of it remain, and after `t` seconds all of it does.
"""

from __future__ import annotations

from functools import lru_cache

from schema.cost.callers import Allowance
from schema.transport.http_response import RawHeaders


def rate_limit(allowance: Allowance, available: int) -> RawHeaders:
    bucket = allowance.bucket
    if bucket is None:
        return ()
    seconds = -((available - bucket.capacity) // bucket.restore_rate)
    policy, name = _of(allowance)
    return policy, (b"ratelimit", f"{name};r={available};t={seconds}".encode())


@lru_cache(maxsize=64)
def _of(allowance: Allowance) -> tuple[tuple[bytes, bytes], str]:
    return (b"ratelimit-policy", allowance.policy.encode()), f'"{allowance.name}"'
