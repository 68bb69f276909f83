"""Conversion of driver values of JSON and timestamp columns, on demand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

# Text in rows read by plain SQL; the parsed value in rows of the ORM.
Json = Any
# SQLite stores timestamps as text.
Moment = datetime | str


def parsed(column: Json) -> Any:
    return orjson.loads(column) if isinstance(column, str) else column


def moment(column: Moment) -> datetime:
    return datetime.fromisoformat(column) if isinstance(column, str) else column
