"""IDs written as kind and code, `store:S01`: each kind's rows are found in one statement.

A code that names nothing becomes an ID that names nothing, so whoever is given the ID refuses it as any other
that is unknown or out of the caller's territory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import any_of, array, fetch
from models.errors import InvalidInput
from models.tables.folded_codes import folded_column
from models.text.codes import chosen, folded, half_width, is_too_long, number_of
from resolvers.context import ActorKind, Context

MAXIMUM_CODES = 1_000
NOBODY = 10**18 - 1
"""A row ID that no row has."""

NodeKey = tuple[str, int]
Comparison = tuple[Callable[[str], str], Callable[[str], str]]  # of what was typed, of a column

ANY_CASE: Comparison = (folded, folded_column)
UPPER_CASE: Comparison = (number_of, str)
AS_WRITTEN: Comparison = (half_width, str)
_OF_MERCHANT = "merchant_id = ?"
_BELOW_MERCHANT = (
    "organisation_id IN (SELECT n.id FROM organisation n JOIN organisation m"
    " ON n.path LIKE m.path || '%' WHERE m.id = ?)"
)


@dataclass(frozen=True, slots=True)
class CodeKind:
    """Where the codes of a type of node stand.

    `of_merchant` is empty where no two merchants share a code. `beyond`: whoever works somewhere may name
    other merchants' rows, too, by a code that is written exactly so.
    """

    node: str
    table: str
    column: str
    comparison: Comparison
    of_merchant: str = _OF_MERCHANT
    where: str = "1 = 1"
    beyond: bool = False


KINDS: dict[str, CodeKind] = {
    "brand": CodeKind("Brand", "brand", "code", AS_WRITTEN),
    "card": CodeKind("MemberCard", "member_card", "number", UPPER_CASE, ""),
    "category": CodeKind("Category", "category", "code", AS_WRITTEN),
    "fulfilment": CodeKind("Fulfilment", "fulfilment", "number", UPPER_CASE, ""),
    "member": CodeKind("Member", "member", "number", UPPER_CASE, ""),
    "order": CodeKind("Order", "sales_order", "number", UPPER_CASE, ""),
    "organisation": CodeKind("Organisation", "organisation", "code", AS_WRITTEN, ""),
    "priceList": CodeKind("PriceList", "price_list", "code", AS_WRITTEN),
    "product": CodeKind("Product", "product", "code", ANY_CASE),
    "purchaseOrder": CodeKind("PurchaseOrder", "purchase_order", "number", UPPER_CASE),
    "sku": CodeKind("Variant", "variant", "sku", ANY_CASE),
    "staff": CodeKind("Staff", "staff", "username", AS_WRITTEN, ""),
    "stocktake": CodeKind("Stocktake", "stocktake", "number", UPPER_CASE),
    "store": CodeKind("Store", "location", "code", ANY_CASE, _OF_MERCHANT, "kind = 'STORE'", True),
    "storefront": CodeKind("Storefront", "storefront", "code", AS_WRITTEN, _BELOW_MERCHANT),
    "supplier": CodeKind("Supplier", "supplier", "code", AS_WRITTEN),
    "supplierReturn": CodeKind("SupplierReturn", "supplier_return", "number", UPPER_CASE),
    "tier": CodeKind("Tier", "tier", "code", AS_WRITTEN),
    "transfer": CodeKind("Transfer", "transfer", "number", UPPER_CASE),
    "warehouse": CodeKind(
        "Warehouse", "location", "code", ANY_CASE, _OF_MERCHANT, "kind = 'WAREHOUSE'", True
    ),
}


def is_coded(text: str) -> bool:
    """Whether an ID is written as kind and code. The others are base64, which has no colon."""
    return text.partition(":")[0] in KINDS and ":" in text


async def find(ctx: Context, texts: Collection[str]) -> dict[str, NodeKey]:
    """Type and row ID of each of `texts`, all of which are coded. Raises: InvalidInput for too many."""
    if len(texts) > MAXIMUM_CODES:
        raise InvalidInput(
            "An operation names at most {maximum} things by code.", maximum=MAXIMUM_CODES
        )
    found: dict[str, NodeKey] = {}
    async for text, code, kind, alike in _alike(ctx, texts):
        found[text] = (kind.node, chosen(code, alike) or NOBODY)
    return found


async def find_exactly(ctx: Context, texts: Collection[str]) -> dict[str, NodeKey]:
    """Those of `texts` whose code some row has, written exactly so."""
    found: dict[str, NodeKey] = {}
    async for text, code, kind, alike in _alike(ctx, texts):
        if row_id := dict(alike).get(code):
            found[text] = (kind.node, row_id)
    return found


async def _alike(
    ctx: Context, texts: Collection[str]
) -> AsyncIterator[tuple[str, str, CodeKind, Sequence[tuple[str, int]]]]:
    """Each text with its code, its kind, and the (code, row ID) of the rows that it may mean.

    A code that is too long means none, and is not looked for.
    """
    by_kind: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, code = text.partition(":")
        by_kind.setdefault(name, {})[text] = code
    for name, codes in by_kind.items():
        kind = KINDS[name]
        of_typed = kind.comparison[0]
        compared = {code: of_typed(code) for code in codes.values() if not is_too_long(code)}
        rows = await _rows(ctx, kind, compared) if compared else {}
        for text, code in codes.items():
            yield text, code, kind, rows.get(compared.get(code, ""), ())


async def _rows(
    ctx: Context, kind: CodeKind, compared: Mapping[str, str]
) -> Mapping[str, list[tuple[str, int]]]:
    """(code, row ID) of the rows with one of these codes, by what is compared of the code."""
    of_typed, of_column = kind.comparison
    merchant = [ctx.merchant_id] if kind.of_merchant else []
    column, wanted = of_column(kind.column), set(compared.values())
    rows = await _select(kind, column, wanted, kind.of_merchant, *merchant)
    found: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        found.setdefault(of_typed(row["code"]), []).append((row["code"], row["id"]))
    if kind.beyond and (ctx.actor.grants or ctx.actor.kind is ActorKind.SYSTEM):
        elsewhere = {half_width(code) for code, typed in compared.items() if typed not in found}
        for row in await _select(kind, kind.column, elsewhere) if elsewhere else ():
            found[of_typed(row["code"])] = [(row["code"], row["id"])]
    return found


async def _select(
    kind: CodeKind, column: str, wanted: Collection[str], of_merchant: str = "", *values: object
) -> Sequence[Mapping[str, Any]]:
    return await fetch(
        f"SELECT id, {kind.column} AS code FROM {kind.table} WHERE {any_of(column)} AND {kind.where}"
        + (f" AND {of_merchant}" if of_merchant else ""),
        array(sorted(wanted)),
        *values,
    )
