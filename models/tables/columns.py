"""What drivers answer for some kinds of columns, turned into Python values when somebody asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

# Text where a row was read by plain SQL; what it says where the ORM has parsed it.
Json = Any
# SQLite keeps moments as text.
Moment = datetime | str


def parsed(column: Json) -> Any:
    return orjson.loads(column) if isinstance(column, str) else column


def moment(column: Moment) -> datetime:
    return datetime.fromisoformat(column) if isinstance(column, str) else column
