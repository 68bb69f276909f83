"""How well a product answers a term: a number that is kept with the term, the lower the better.

    bits   what decides, the first before the next
    3      where the term stands: the name's beginning, near it, further in, the brand, the pinyin
    3      how much of the name it covers: the length of the name, by powers of two
    5      how much was sold of the product, by powers of two
    8      the length of the name

Products that are not on sale come behind all that are. Powers of two, so that a sale seldom changes it.
"""

from __future__ import annotations

from models.catalog.products import ProductStatus
from models.catalog.search import SearchTexts, terms_at

ON_SALE_LIMIT = 1 << 19
"""Products on sale have a lower rank than this."""
_SALES_UNIT = 1 << 8
_SALES_MOST = 31
_STATES = {ProductStatus.ACTIVE: 0, ProductStatus.ARCHIVED: 1, ProductStatus.DRAFT: 2}


def ranked_terms(texts: SearchTexts, status: ProductStatus, units_sold: int) -> dict[str, int]:
    """The best rank of each term of a product's texts."""
    length = len(texts.name)
    rest = (min(length.bit_length(), 7) << 13) + sales_part(units_sold) + min(length, 255)
    base = _STATES[status] * ON_SALE_LIMIT + rest
    places: dict[str, int] = {}
    for text, place_of in (
        (texts.name, _in_name),
        (texts.brand, _in_brand),
        (texts.name_initials, _in_initials),
        (texts.brand_initials, _in_brand_initials),
    ):
        for term, at in terms_at(text):
            if len(term) > 1 or place_of in (_in_name, _in_brand):
                places[term] = min(places.get(term, 7), place_of(at))
    return {term: base + (place << 16) for term, place in places.items()}


def sales_part(units_sold: int) -> int:
    """The part of a rank that tells of sales: the more, the lower."""
    return (_SALES_MOST - min(units_sold.bit_length(), _SALES_MOST)) * _SALES_UNIT


def sales_of(rank: int) -> int:
    """The part of this rank that tells of sales."""
    return rank & (_SALES_MOST * _SALES_UNIT)


def _in_name(at: int) -> int:
    return 0 if at == 0 else 1 if at < 4 else 2 if at < 8 else 3


def _in_brand(at: int) -> int:
    return 4


def _in_initials(at: int) -> int:
    return 6 if at else 5


def _in_brand_initials(at: int) -> int:
    return 7
