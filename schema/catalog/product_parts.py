"""What a product shows besides its variants."""

from __future__ import annotations

import strawberry

from models import bounds
from models.catalog.products import MediaKind
from models.tables.columns import Json, parsed
from schema.cost.directives import sized_list
from schema.money import Money

strawberry.enum(MediaKind)


@strawberry.type(description="What variants of a product differ in, such as size.")
class ProductOption:
    name: str
    values: list[str] = sized_list(bounds.OPTION_VALUES)


@strawberry.type
class SelectedOption:
    name: str
    value: str


@strawberry.type
class Media:
    url: str
    alt: str
    kind: MediaKind

    @classmethod
    def of(cls, kept: Json) -> Media | None:
        """The picture or film of a column that may be empty."""
        found = parsed(kept)
        return cls(**found | {"kind": MediaKind(found["kind"])}) if found else None

    @classmethod
    def all_of(cls, kept: Json) -> list[Media]:
        return [cls(**each | {"kind": MediaKind(each["kind"])}) for each in parsed(kept) or ()]


@strawberry.type
class PriceRange:
    lowest: Money
    highest: Money

    @classmethod
    def of(cls, lowest_minor: int, highest_minor: int) -> PriceRange:
        return cls(lowest=Money.of(lowest_minor), highest=Money.of(highest_minor))
