"""Resolving location codes and SKUs to IDs, within the caller's territory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.catalog.products import Variant
from models.errors import NotFound
from models.stock.levels import LevelKey
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.permissions import scoped


@dataclass(frozen=True, slots=True)
class CodeLookup:
    """The resolved codes: location code → (ID, merchant ID), and (merchant ID, SKU) → variant ID."""

    locations: dict[str, tuple[int, int]]
    variants: dict[tuple[int, str], int]

    def location_of(self, location_code: str) -> int:
        """Return the ID of a location. Raises: NotFound naming `locationCode`."""
        if location_code not in self.locations:
            raise NotFound(
                "There is no location {code}.", path=("locationCode",), code=location_code
            )
        return self.locations[location_code][0]

    def key_of(self, location_code: str, sku: str) -> LevelKey:
        """Return the key of a level. Raises: NotFound naming `locationCode` or `sku`."""
        location_id = self.location_of(location_code)
        merchant_id = self.locations[location_code][1]
        if (merchant_id, sku) not in self.variants:
            raise NotFound("There is no SKU {sku}.", path=("sku",), sku=sku)
        return self.variants[merchant_id, sku], location_id


async def find(
    ctx: Context,
    location_codes: Collection[str],
    skus: Collection[str],
    permission: Permission = Permission.STOCK_WRITE,
) -> CodeLookup:
    """Resolve codes of locations where the caller has the permission, and SKUs of their merchants."""
    query = Location.filter(code__in=set(location_codes))
    found = await scoped(query, ctx, permission, "organisation").values_list(
        "code", "id", "merchant_id"
    )
    locations = {code: (row_id, merchant_id) for code, row_id, merchant_id in found}
    merchants = {merchant_id for _, merchant_id in locations.values()}
    variants = await Variant.filter(merchant_id__in=merchants, sku__in=set(skus)).values_list(
        "merchant_id", "sku", "id"
    )
    return CodeLookup(
        locations, {(merchant_id, sku): row_id for merchant_id, sku, row_id in variants}
    )
