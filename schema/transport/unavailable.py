"""What clients are told while the database is away, full or read-only: 503, a code, and when to come back."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.database_faults import FaultKind, fault_of
from models.errors import StorageFull, Unavailable
from models.outages import database_faults

STATUS = 503
RETRY_AFTER = {"Retry-After": "5"}
CODES = frozenset({Unavailable.code, StorageFull.code})


def unavailable(error: BaseException | None) -> Unavailable | None:
    """The answer for a fault of the database, which is logged once for many requests."""
    fault = None if error is None else fault_of(error)
    if fault is None:
        return None
    database_faults.met(fault)
    if fault.kind in (FaultKind.FULL, FaultKind.READ_ONLY):
        return StorageFull()
    return Unavailable()


def is_unavailable(body: object) -> bool:
    """Whether nothing of what was asked could be answered, for such a fault alone."""
    if not isinstance(body, Mapping) or not (errors := body.get("errors")):
        return False
    data = body.get("data")
    return not any(value is not None for value in (data or {}).values()) and all(
        error.get("extensions", {}).get("code") in CODES for error in errors
    )


async def answer_database_error(request: Request, error: Exception) -> Response:
    """For routes beside GraphQL. Raises the error when it is no fault of the database."""
    answer = unavailable(error)
    if answer is None:
        raise error
    body = {"error": {"code": answer.code, "message": str(answer)}}
    return JSONResponse(body, STATUS, headers={**RETRY_AFTER, "Cache-Control": "no-store"})
