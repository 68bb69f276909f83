"""What rows of products must not have in common: with each other, and with what is stored."""

from __future__ import annotations

from collections.abc import Sequence

from models.bounds import OPTION_VALUES, PRODUCT_OPTIONS, PRODUCT_VARIANTS
from models.errors import Duplicate, InvalidInput, LimitExceeded
from resolvers.background.loop_sharing import in_turns
from resolvers.bulk_rows import KEEP, refuse_duplicates
from resolvers.catalog.products.existing_rows import ProductRow, Stored
from resolvers.catalog.products.options import Options, Selection, check_selections, derived
from resolvers.catalog.products.row_classification import refuse_circles

# Brands and categories are never without a name: an empty one says nothing of it.
_NAMES = ("brandName", "categoryName")


def refuse_duplicates_within(rows: Sequence[ProductRow]) -> None:
    """The same code, SKU, barcode or slug twice in the batch: the first sound row keeps it."""
    codes = [(row.checked.code, row.faults, ("code",)) for row in rows]
    refuse_duplicates(codes, "The code {code} stands in the batch twice.")
    skus = [
        (variant.sku, row.faults, ("variants", position, "sku"))
        for row in rows
        for position, variant in enumerate(row.checked.variants)
    ]
    refuse_duplicates(skus, "The SKU {code} stands in the batch twice.")
    gtins = [
        (key, row.faults, ("variants", position, "gtins"))
        for row in rows
        for position, variant in enumerate(row.checked.variants)
        for key, _ in variant.gtins or ()
    ]
    refuse_duplicates(gtins, "The barcode {code} stands in the batch twice.")
    slugs = [(row.checked.slug, row.faults, ("slug",)) for row in rows if row.checked.slug]
    refuse_duplicates(slugs, "The slug {code} stands in the batch twice.")
    _refuse_contradictions(rows)


def _refuse_contradictions(rows: Sequence[ProductRow]) -> None:
    """Other words of a brand or category than an earlier sound row has: name, parent, picture and the like.

    Such a batch would change it and change it back each time.
    """
    said: dict[tuple[str, str], object] = {}
    for row in [row for row in rows if not row.faults]:
        checked = row.checked
        for name, code, value in (
            ("brandName", checked.brand_code, checked.brand_name),
            ("brandLogo", checked.brand_code, checked.brand_logo),
            ("brandStory", checked.brand_code, checked.brand_story),
            ("categoryName", checked.category_code, checked.category_name),
            ("categoryParentCode", checked.category_code, checked.category_parent_code),
            ("categoryImage", checked.category_code, checked.category_image),
            ("categoryPosition", checked.category_code, checked.category_position),
        ):
            if not isinstance(code, str) or value is KEEP or (name in _NAMES and not value):
                continue
            if said.setdefault((name, code), value or None) != (value or None):
                row.faults.add(
                    InvalidInput("Another row says otherwise of {code}.", path=(name,), code=code)
                )


async def refuse_stored(rows: Sequence[ProductRow], stored: Stored, slugs: dict[str, int]) -> None:
    """SKUs, slugs and barcodes that other products have, and options that do not fit together."""
    async for row in in_turns(rows):
        product = stored.products.get(row.checked.code)
        own = product.id if product else None
        _check_number(row, stored)
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
    while refuse_circles(rows, stored) or _refuse_gtins(rows, stored):
        continue


def _check_number(row: ProductRow, stored: Stored) -> None:
    skus = {variant.sku for variant in row.checked.variants}
    skus |= {variant.sku for variant in stored.variants_of(row.checked.code)}
    if len(skus) > PRODUCT_VARIANTS:
        row.faults.add(
            LimitExceeded(
                "A product has at most {maximum} variants.",
                path=("variants",),
                maximum=PRODUCT_VARIANTS,
            )
        )


def _check_options(row: ProductRow, stored: Stored) -> None:
    if row.faults:
        return
    product = stored.products.get(row.checked.code)
    mentioned = {variant.sku for variant in row.checked.variants}
    selections: list[tuple[tuple[str | int, ...], Selection]] = [
        (("options",), old.selected_options)
        for old in stored.variants_of(row.checked.code)
        if old.sku not in mentioned
    ]
    for position, variant in enumerate(row.checked.variants):
        old = stored.by_sku.get(variant.sku)
        kept = old.selected_options if old else []
        selected = kept if variant.selected is None else variant.selected
        selections.append((("variants", position, "options"), selected))
    options = row.checked.options
    if options is None:
        kept_options = product.options if product else []
        options = derived(kept_options, [selection for _, selection in selections])
        row.faults.check(_check_lengths, options)
    check_selections(options, selections, row.faults)


def _check_lengths(options: Options) -> None:
    """Raises: LimitExceeded for options, or values of one, that variants have made too many."""
    PRODUCT_OPTIONS.check(len(options), "options")
    for place, option in enumerate(options):
        OPTION_VALUES.check(len(option["values"]), "options", place, "values")


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
