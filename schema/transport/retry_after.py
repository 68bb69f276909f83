"""The header `Retry-After` of an answer in which something was asked too often, whatever its status is."""

from __future__ import annotations

from collections.abc import Mapping


def retry_after(body: object) -> int:
    """After how many seconds the whole may be asked again; 0 where nothing was asked too often."""
    if not isinstance(body, Mapping) or not (errors := body.get("errors")):
        return 0
    waits = (error.get("extensions", {}).get("retryAfterSeconds") for error in errors)
    return max((wait for wait in waits if wait is not None), default=0)
