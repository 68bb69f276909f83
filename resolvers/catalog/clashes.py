"""What rows of products must not have in common: with each other, and with what is stored."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import Duplicate, InvalidInput
from resolvers.batches import refuse_twins
from resolvers.catalog.options import Selection, check_selections, derived
from resolvers.catalog.stored import ProductRow, Stored


def refuse_twins_within(rows: Sequence[ProductRow]) -> None:
    """The same code, SKU, barcode or slug twice in the batch: the first sound row keeps it."""
    rows = sorted(rows, key=lambda row: bool(row.faults))
    codes = [(row.checked.code, row.faults, ("code",)) for row in rows]
    refuse_twins(codes, "The code {code} stands in the batch twice.")
    skus = [
        (variant.sku, row.faults, ("variants", position, "sku"))
        for row in rows
        for position, variant in enumerate(row.checked.variants)
    ]
    refuse_twins(skus, "The SKU {code} stands in the batch twice.")
    gtins = [
        (key, row.faults, ("variants", position, "gtins"))
        for row in rows
        for position, variant in enumerate(row.checked.variants)
        for key, _ in variant.gtins or ()
    ]
    refuse_twins(gtins, "The barcode {code} stands in the batch twice.")
    slugs = [(row.checked.slug, row.faults, ("slug",)) for row in rows if row.checked.slug]
    refuse_twins(slugs, "The slug {code} stands in the batch twice.")


def refuse_stored(rows: Sequence[ProductRow], stored: Stored, slugs: dict[str, int]) -> None:
    """SKUs, slugs and barcodes that other products have, and options that do not fit together."""
    for row in rows:
        product = stored.products.get(row.checked.code)
        own = product.id if product else None
        if row.checked.slug and slugs.get(row.checked.slug, own) != own:
            row.faults.add(
                Duplicate("The slug {code} is taken.", path=("slug",), code=row.checked.slug)
            )
        for position, variant in enumerate(row.checked.variants):
            other = stored.by_sku.get(variant.sku)
            if other and other.product_id != own:
                row.faults.add(
                    Duplicate(
                        "The SKU {code} belongs to another product.",
                        path=("variants", position, "sku"),
                        code=variant.sku,
                    )
                )
        _check_options(row, stored)
    _refuse_circles(rows, stored)
    while _refuse_gtins(rows, stored):
        continue


def _check_options(row: ProductRow, stored: Stored) -> None:
    if row.faults:
        return
    product = stored.products.get(row.checked.code)
    mentioned = {variant.sku for variant in row.checked.variants}
    selections: list[tuple[tuple[str | int, ...], Selection]] = []
    for position, variant in enumerate(row.checked.variants):
        old = stored.by_sku.get(variant.sku)
        kept = old.selected_options if old else []
        selected = kept if variant.selected is None else variant.selected
        selections.append((("variants", position, "options"), selected))
    selections += [
        (("options",), old.selected_options)
        for old in stored.variants_of(row.checked.code)
        if old.sku not in mentioned
    ]
    options = row.checked.options
    if options is None:
        kept_options = product.options if product else []
        options = derived(kept_options, [selection for _, selection in selections])
    check_selections(options, selections, row.faults)


def _refuse_gtins(rows: Sequence[ProductRow], stored: Stored) -> bool:
    """Barcodes that another variant has and keeps; whether a row failed by it.

    A row that fails keeps what it would have given up, so this is asked until none fails.
    """
    sound = [row for row in rows if not row.faults]
    freed = {
        stored.by_sku[variant.sku].id
        for row in sound
        for variant in row.checked.variants
        if variant.gtins is not None and variant.sku in stored.by_sku
    }
    owned = {key for owner, keys in stored.gtins.items() if owner not in freed for key in keys}
    for row in sound:
        for position, variant in enumerate(row.checked.variants):
            taken = [printed for key, printed in variant.gtins or () if key in owned]
            if taken:
                row.faults.add(
                    Duplicate(
                        "The barcode {code} belongs to another variant.",
                        path=("variants", position, "gtins"),
                        code=taken[0],
                    )
                )
    return any(row.faults for row in sound)


def _refuse_circles(rows: Sequence[ProductRow], stored: Stored) -> None:
    codes = {category.id: code for code, category in stored.categories.items()}
    above = {
        code: codes[category.parent_id]
        for code, category in stored.categories.items()
        if category.parent_id in codes
    }
    for row in rows:
        code, parent = row.checked.category_code, row.checked.category_parent_code
        if row.faults or parent is None or not isinstance(code, str):
            continue
        node: str | None = parent
        while node is not None and node != code:
            node = above.get(node)
        if node == code:
            row.faults.add(
                InvalidInput("A category cannot stand below itself.", path=("categoryParentCode",))
            )
        else:
            above[code] = parent
