from __future__ import annotations

import strawberry


@strawberry.type(description="How many rows have a value.")
class ValueCount:
    value: str = strawberry.field(description="The value, such as a status or a brand's code.")
    count: int = strawberry.field(description="How many rows have it.")
