"""Writing what differs in who carries what."""

from __future__ import annotations

from collections.abc import Mapping

from models.catalog.assortments import Assortment, SelectiveVariant
from models.tables.bulk import chunks, delete_where, insert_all, update_all
from resolvers.context import Context

Key = tuple[int, int | None]
"""(variant ID, location ID); without a location, what holds for all that say nothing."""


async def save(ctx: Context, wanted: Mapping[Key, bool | None]) -> list[int]:
    """Write what differs, None being nothing said; the variants it differs for."""
    named = {
        (variant, place): carried
        for (variant, place), carried in wanted.items()
        if place is not None
    }
    everywhere = {variant: carried for (variant, place), carried in wanted.items() if place is None}
    return sorted({*await _save_named(ctx, named), *await _save_selective(ctx, everywhere)})


async def _save_named(ctx: Context, wanted: Mapping[tuple[int, int], bool | None]) -> set[int]:
    stored = {
        (row.variant_id, row.location_id): row
        for part in chunks(sorted({variant for variant, _ in wanted}))
        for row in await Assortment.filter(variant_id__in=part)
    }
    said = {key: row.carried for key, row in stored.items()}
    differing = {key: wish for key, wish in wanted.items() if said.get(key) != wish}
    changed = [stored[key] for key, wish in differing.items() if key in stored and wish is not None]
    for row in changed:
        row.carried = not row.carried
    await update_all(changed, ("carried",))
    gone = [stored[key].id for key, wish in differing.items() if wish is None]
    await delete_where("assortment", "id", gone)
    await insert_all(
        "assortment",
        ("variant_id", "location_id", "carried", "created_at"),
        [(*key, wish, ctx.now()) for key, wish in differing.items() if key not in stored],
    )
    return {variant for variant, _ in differing}


async def _save_selective(ctx: Context, everywhere: Mapping[int, bool | None]) -> set[int]:
    stored = {
        row.variant_id
        for part in chunks(sorted(everywhere))
        for row in await SelectiveVariant.filter(variant_id__in=part)
    }
    wished = {variant for variant, carried in everywhere.items() if carried is False}
    await delete_where("selective_variant", "variant_id", sorted(stored - wished))
    await insert_all(
        "selective_variant",
        ("variant_id", "created_at"),
        [(variant, ctx.now()) for variant in sorted(wished - stored)],
    )
    return stored ^ wished
