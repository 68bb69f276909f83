"""The rank of a product for a search term, stored with the term; the lowest rank comes first.

    bits   criterion, the most significant first
    3      field of the term: start of the name, near it, further in, the brand, the pinyin
    3      length of the name, by powers of two
    5      units sold of the product, by powers of two
    8      length of the name

Products that are not on sale rank behind all that are. Powers of two make a rank change rarely when a unit
is sold.
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
    """Return the best rank of each term of a product's texts."""
    length = len(texts.name)
    rest = (min(length.bit_length(), 7) << 13) + sales_bits(units_sold) + min(length, 255)
    base = _STATES[status] * ON_SALE_LIMIT + rest
    fields: dict[str, int] = {}
    for text, field_of in (
        (texts.name, _in_name),
        (texts.brand, _in_brand),
        (texts.name_initials, _in_initials),
        (texts.brand_initials, _in_brand_initials),
    ):
        for term, at in terms_at(text):
            if len(term) > 1 or field_of in (_in_name, _in_brand):
                fields[term] = min(fields.get(term, 7), field_of(at))
    return {term: base + (field << 16) for term, field in fields.items()}


def sales_bits(units_sold: int) -> int:
    """Return the bits of a rank for the units sold; more sales give a lower number."""
    return (_SALES_MOST - min(units_sold.bit_length(), _SALES_MOST)) * _SALES_UNIT


def sales_bits_of(rank: int) -> int:
    """Return the bits of this rank for the units sold."""
    return rank & (_SALES_MOST * _SALES_UNIT)


def _in_name(at: int) -> int:
    return 0 if at == 0 else 1 if at < 4 else 2 if at < 8 else 3


def _in_brand(at: int) -> int:
    return 4


def _in_initials(at: int) -> int:
    return 6 if at else 5


def _in_brand_initials(at: int) -> int:
    return 7
