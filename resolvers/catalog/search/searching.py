"""Finding products by what people type: parts of names, pinyin initials, a SKU, a code, a barcode.

The index keeps each term with the rank of its product, so the best of fifty thousand hits are read in order
from the first term of the query, and the others are never looked at. Where one of several terms is rare, its
few products are looked through instead; what is found and its order are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.catalog.gtin import InvalidGtin, gtin_key
from models.catalog.search import InvalidQuery, SearchWord, query_words
from models.database import fetch, is_postgres, marks, records
from models.errors import InvalidInput
from models.tables.folded_codes import folded_column
from models.text.codes import folded
from resolvers.context import Context
from resolvers.sql_pagination import Conditions, Order
from resolvers.validation import CODE

RARE = 1_000
"""So many products may be looked through and sorted."""
_OF_TERM = "SELECT 1 FROM search_term WHERE merchant_id = ? AND term = ?"
_HAS_TERM = "EXISTS (SELECT 1 FROM search_term x WHERE x.product_id = p.id AND x.term = ?)"


@dataclass(frozen=True, slots=True)
class Search:
    """The words, their rarest term with the number of its products (at most `RARE` + 1), and exact hits.

    `coded` are the products that have the whole query as their code, SKU or barcode.
    """

    merchant_id: int | None
    words: Sequence[SearchWord]
    coded: Sequence[int]
    rarest: str = ""
    rarity: int = RARE + 1

    @property
    def lead(self) -> str:
        """The term whose ranks sort the hits: the first of the query."""
        return self.words[0].terms[0] if self.words else ""

    @property
    def terms(self) -> list[str]:
        return sorted({term for word in self.words for term in word.terms})

    @property
    def needs_texts(self) -> bool:
        """Whether having all the terms does not make a hit yet."""
        return any(word.recheck for word in self.words)

    def by_relevance(self) -> tuple[Order, Conditions]:
        """Exact hits, then by the rank of the first term; and what a hit must meet."""
        source, values = "search_term t JOIN product p ON p.id = t.product_id", list[Any]()
        conditions = self._has_words(self.lead)
        if self.coded:
            source, values = self._with_coded(conditions)
            conditions = Conditions()
        elif self.rarest not in ("", self.lead) and self.rarity <= RARE:
            source = (
                f"search_term r CROSS JOIN {source.replace(' JOIN', ' CROSS JOIN').split(' ON')[0]}"
            )
            conditions.add("t.product_id = r.product_id AND p.id = t.product_id")
            conditions.add("r.merchant_id = ? AND r.term = ?", self.merchant_id, self.rarest)
        order = Order(("t.rank", "t.product_id"), (int, int), values=tuple(values), source=source)
        if not self.coded:
            conditions.add("t.merchant_id = ? AND t.term = ?", self.merchant_id, self.lead)
        return order, conditions

    def otherwise_sorted(self) -> Conditions:
        """What `product p` must meet where something else sorts it."""
        found = self._has_words("")
        if self.rarity <= RARE and self.rarest:
            found.add(
                "p.id IN (SELECT product_id FROM search_term WHERE merchant_id = ? AND term = ?)",
                self.merchant_id,
                self.rarest,
            )
        if not self.coded:
            return found
        return Conditions(
            [f"(p.id IN ({marks(self.coded)}) OR ({found}))"], [*self.coded, *found.values]
        )

    def hits(self, condition: str = "TRUE") -> tuple[str, list[Any]]:
        """SQL for the IDs of products that have all terms, by the index alone, or are exact hits.

        `condition` is on `search_term`.
        """
        one = (
            f"SELECT product_id FROM search_term WHERE merchant_id = ? AND term = ? AND {condition}"
        )
        sql = (
            " INTERSECT ".join([one] * len(self.terms))
            or "SELECT id AS product_id FROM product WHERE FALSE"
        )
        values: list[Any] = [value for term in self.terms for value in (self.merchant_id, term)]
        if self.coded:
            exact = f"SELECT id FROM product WHERE id IN ({marks(self.coded)})"
            sql = f"SELECT product_id FROM ({sql}) AS named UNION {exact}"
        return sql, [*values, *self.coded]

    def confirmed(self) -> Conditions:
        """What a `product p` among the hits must meet besides."""
        found = Conditions()
        for word in self.words:
            if word.recheck:
                found.add(f"{_position()} > 0", word.text)
        if self.coded and found.sql:
            return Conditions(
                [f"(p.id IN ({marks(self.coded)}) OR ({found}))"], [*self.coded, *found.values]
            )
        return found

    def _has_words(self, known: str) -> Conditions:
        """Products that have every word, of which they have the term `known` already."""
        found = Conditions()
        if not self.words:
            found.add("1 = 0")
        for word in self.words:
            for term in () if word.recheck and known else word.terms:
                if term != known:
                    found.add(_HAS_TERM, term)
            if word.recheck:
                found.add(f"{_position()} > 0", word.text)
        return found

    def _with_coded(self, words: Conditions) -> tuple[str, list[Any]]:
        """The exact hits, and all others behind them, as (product ID, rank)."""
        coded = marks(self.coded)
        source = (
            f"(SELECT id AS product_id, -1 AS rank FROM product WHERE id IN ({coded})"
            " UNION ALL SELECT h.product_id, h.rank FROM search_term h"
            " JOIN product p ON p.id = h.product_id WHERE h.merchant_id = ? AND h.term = ?"
            f" AND h.product_id NOT IN ({coded}) AND {words}) AS t"
            " JOIN product p ON p.id = t.product_id"
        )
        return source, [*self.coded, self.merchant_id, self.lead, *self.coded, *words.values]


async def search_of(ctx: Context, text: str | None) -> Search | None:
    """None for a blank text. Raises: InvalidInput for one that is too long."""
    if text is None or not text.strip():
        return None
    try:
        words = query_words(text)
    except InvalidQuery:
        raise InvalidInput(
            "A search has at most 100 characters.", path=("filter", "search")
        ) from None
    found = Search(ctx.merchant_id, words, await _by_code(ctx, text.strip()))
    if len(words) == 1 and not words[0].recheck:
        return found
    return await _weighed(found)


async def _weighed(search: Search) -> Search:
    """The search with its rarest term; a word whose letters nothing has is read as pinyin."""
    readings = [each for word in search.words for each in (word, word.spelled) if each]
    terms = sorted({term for word in readings for term in word.terms})
    numbers = dict(zip(terms, await _numbers(search.merchant_id, terms), strict=True))
    words = [
        word.spelled
        if word.spelled and not await _is_somewhere(search.merchant_id, word, numbers)
        else word
        for word in search.words
    ]
    kept = [term for word in words for term in word.terms]
    rarest = min(kept, key=numbers.__getitem__, default="")
    return replace(search, words=words, rarest=rarest, rarity=numbers.get(rarest, 0))


async def _numbers(merchant_id: int | None, terms: Sequence[str]) -> Sequence[int]:
    """How many products have each term, counted to one more than `RARE`."""
    if not terms:
        return ()
    one = f"(SELECT COUNT(*) FROM ({_OF_TERM} LIMIT {RARE + 1}) AS few)"
    values = [value for term in terms for value in (merchant_id, term)]
    (row,) = await records(f"SELECT {', '.join([one] * len(terms))}", *values)
    return tuple(row)


async def _is_somewhere(merchant_id: int | None, word: SearchWord, numbers: dict[str, int]) -> bool:
    """Whether any product has the letters of the word."""
    rarest = min(word.terms, key=numbers.__getitem__)
    if not numbers[rarest] or not word.recheck:
        return bool(numbers[rarest])
    return bool(
        await records(
            "SELECT 1 FROM search_term t JOIN product p ON p.id = t.product_id"
            f" WHERE t.merchant_id = ? AND t.term = ? AND {_position()} > 0 LIMIT 1",
            merchant_id,
            rarest,
            word.text,
        )
    )


def _position() -> str:
    return "strpos(p.search_text, ?)" if is_postgres() else "instr(p.search_text, ?)"


async def _by_code(ctx: Context, text: str) -> list[int]:
    """The products that have this very code, SKU or barcode."""
    code = folded(text)
    codes = [code] if CODE.fullmatch(code) else []
    try:
        barcodes = [gtin_key(text)]
    except InvalidGtin:
        barcodes = []
    if not codes and not barcodes:
        return []
    merchant = ctx.merchant_id
    rows = await fetch(
        f"SELECT id FROM product WHERE merchant_id = ? AND {folded_column('code')} IN ({marks(codes)})"
        " UNION SELECT product_id FROM variant"
        f" WHERE merchant_id = ? AND {folded_column('sku')} IN ({marks(codes)})"
        " UNION SELECT v.product_id FROM variant_gtin g JOIN variant v ON v.id = g.variant_id"
        f" WHERE g.merchant_id = ? AND g.gtin_key IN ({marks(barcodes)})",
        *(merchant, *codes, merchant, *codes, merchant, *barcodes),
    )
    return [row["id"] for row in rows]
