from __future__ import annotations

import strawberry


@strawberry.type
class KeyValue:
    key: str
    value: str


@strawberry.input
class KeyValueInput:
    key: str
    value: str
