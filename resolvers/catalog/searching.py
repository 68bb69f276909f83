"""Finding products by what people type: parts of names, a SKU, a code, a whole barcode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.catalog.gtin import InvalidGtin, gtin_key
from models.catalog.search import InvalidQuery, SearchWord, index_terms, normalise, query_terms
from models.database import fetch, is_postgres, marks
from models.errors import InvalidInput
from resolvers.context import Context
from resolvers.keyset import Conditions, Order
from resolvers.validation import CODE

_FAR = 1_000_000  # behind every position in a text


@dataclass(frozen=True, slots=True)
class Search:
    """A condition on `product p` and the order that puts the best hit first."""

    condition: str
    condition_values: list[Any]
    order: Order


def search_text(*parts: str) -> str:
    """What is kept to search in: each part in its normal form on a line of its own."""
    return "".join(f"{normalise(part)}\n" for part in parts if part)


def search_terms(*parts: str) -> frozenset[str]:
    return frozenset().union(*map(index_terms, parts))


async def search_of(ctx: Context, text: str | None) -> Search | None:
    """None for a blank text. Raises: InvalidInput for one that is too long."""
    if text is None or not text.strip():
        return None
    try:
        words = query_terms(text)
    except InvalidQuery:
        raise InvalidInput(
            "A search has at most 100 characters.", path=("filter", "search")
        ) from None
    coded = await _by_code(ctx, text.strip())
    named = _has_all(words) if words else Conditions(["1 = 0"])
    if coded:
        among = f"p.id IN ({marks(coded)})"
        named = Conditions([f"(({named}) OR {among})"], [*named.values, *coded])
    return Search(str(named), named.values, _by_relevance(normalise(text), coded))


def _has_all(words: list[SearchWord]) -> Conditions:
    """Products that have every word: by their terms, then by substring where terms can over-match."""
    found = Conditions()
    terms = sorted(frozenset().union(*(word.terms for word in words)), key=len, reverse=True)
    for term in terms:
        found.add("p.id IN (SELECT product_id FROM product_term WHERE term = ?)", term)
    for word in words:
        if word.recheck:
            found.add(f"{_position()} > 0", word.text)
    return found


def _by_relevance(text: str, coded: list[int]) -> Order:
    """Whatever has the code, then the exact name, then by where the text stands, the shorter first."""
    start = f"substr(p.search_text, 1, {len(text) + 1})"
    rank = (
        f"CASE WHEN p.id IN ({marks(coded)}) THEN 0 WHEN {start} = ? THEN 1"
        f" WHEN {_position()} > 0 THEN 1 + {_position()} ELSE {_FAR} END"
    )
    return Order(
        columns=(rank, "length(p.name)", "p.id"),
        kinds=(int, int, int),
        values=(*coded, f"{text}\n", text, text),
    )


def _position() -> str:
    return "strpos(p.search_text, ?)" if is_postgres() else "instr(p.search_text, ?)"


async def _by_code(ctx: Context, text: str) -> list[int]:
    """The products that have this very code, SKU or barcode."""
    codes = list(dict.fromkeys((text, text.upper(), text.lower()))) if CODE.fullmatch(text) else []
    try:
        barcodes = [gtin_key(text)]
    except InvalidGtin:
        barcodes = []
    if not codes and not barcodes:
        return []
    merchant = ctx.merchant_id
    rows = await fetch(
        f"SELECT id FROM product WHERE merchant_id = ? AND code IN ({marks(codes)})"
        f" UNION SELECT product_id FROM variant WHERE merchant_id = ? AND sku IN ({marks(codes)})"
        " UNION SELECT v.product_id FROM variant_gtin g JOIN variant v ON v.id = g.variant_id"
        f" WHERE g.merchant_id = ? AND g.gtin_key IN ({marks(barcodes)})",
        *(merchant, *codes, merchant, *codes, merchant, *barcodes),
    )
    return [row["id"] for row in rows]
