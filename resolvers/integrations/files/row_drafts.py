"""From lines of files to the drafts of the use cases."""

from __future__ import annotations

import re
from hashlib import sha256

from models.accounts.channels import Channel
from models.catalog.products import ProductStatus
from models.errors import InvalidInput
from models.stores.coordinates import CoordinateSystem
from models.stores.locations import LocationKind
from resolvers.bulk_rows import KEEP, Unset
from resolvers.catalog.media import MediaDraft
from resolvers.catalog.prices.setting import PriceDraft
from resolvers.catalog.products.drafts import ProductDraft, SelectedOptionDraft, VariantDraft
from resolvers.integrations.files.csv_files import CsvRow
from resolvers.stock.levels.erp_sync import LevelDraft
from resolvers.stores.addresses import AddressDraft, PointDraft
from resolvers.stores.drafts import StoreDraft

_CITY = re.compile(r"([^\s市区县]{2,6}市)\s*(\S.*)", re.DOTALL)
_POSITIONS = [
    ("latitude_bd09", "longitude_bd09", CoordinateSystem.BD09),
    ("latitude_gcj02", "longitude_gcj02", CoordinateSystem.GCJ02),
    ("latitude_wgs84", "longitude_wgs84", CoordinateSystem.WGS84),
]
OPTION_NUMBERS = range(1, 6)
_LIST = "|"
_SIGN = re.compile("[=:\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH COLON}]")
PRODUCT_COLUMNS = (
    "price", "slug", "description", "brand_code", "brand_name", "category_code", "category_name",
    "category_parent_code", "status", "tags", "channels", "media", "attributes", "related_codes",
    "brand_logo", "brand_story", "category_image", "category_position", "variant_name", "variant_media",
    "compare_at_price",
    *(f"option{number}_{part}" for number in OPTION_NUMBERS for part in ("name", "value")),
    "tracks_serials", "weight_g", "unit", "origin",
)  # fmt: skip
PRICE_COLUMNS = ("list_code", "valid_from", "valid_to")
LEVEL_COLUMNS = ("compare_quantity",)
STORE_COLUMNS = (
    "city", "kind", "organisation_code", "phone", "latitude", "longitude", "system",
    *(column for latitude, longitude, _ in _POSITIONS for column in (latitude, longitude)),
)  # fmt: skip
_CHEAPEST_MINOR, _DEAREST_MINOR, _STEP_MINOR = 100, 9_990, 10


def store_code(row: CsvRow) -> str:
    return row.text("code")


def product_code(row: CsvRow) -> str:
    return row.text("code", "sku") or _first_gtin(row)


def sku_of(row: CsvRow) -> str:
    return row.text("sku", "code") or _first_gtin(row)


def level_name(row: CsvRow) -> str:
    return f"{row.text('location_code', 'code')}/{row.text('sku', 'gtin')}"


def _first_gtin(row: CsvRow) -> str:
    return (_several(row, "gtin") or [""])[0]


def store_draft(row: CsvRow) -> StoreDraft:
    """Raises: InvalidInput naming the column at fault."""
    address = row.text("address")
    found = _CITY.match(address)
    return StoreDraft(
        code=store_code(row),
        name=row.text("name"),
        address=AddressDraft(
            city=row.text("city") or (found[1] if found else None),
            street=found[2] if found and not row.text("city") else address,
        ),
        kind=_kind(row),
        organisation_code=row.text("organisation_code") or None,
        phone=row.text("phone") or KEEP,
        position=_position(row),
    )


def product_draft(row: CsvRow) -> ProductDraft:
    """Raises: InvalidInput naming the column at fault."""
    if not row.text("price"):
        raise InvalidInput("A new product needs a price.", path=("price",))
    return ProductDraft(
        code=product_code(row),
        name=row.text("name"),
        slug=row.text("slug") or None,
        description=row.text("description") or _details(row) or None,
        brand_code=row.text("brand_code") or KEEP,
        brand_name=row.text("brand_name") or None,
        brand_logo=_medium(row, "brand_logo"),
        brand_story=row.text("brand_story") or KEEP,
        category_code=row.text("category_code") or KEEP,
        category_name=row.text("category_name") or None,
        category_parent_code=row.text("category_parent_code") or KEEP,
        category_image=_medium(row, "category_image"),
        category_position=row.whole("category_position") if row.text("category_position") else KEEP,
        status=_status(row),
        tags=_several(row, "tags"),
        channels=_channels(row),
        media=_media(row, "media"),
        attributes=_attributes(row),
        related_codes=_several(row, "related_codes"),
        variants=[
            VariantDraft(
                sku=sku_of(row),
                price=row.decimal("price"),
                name=row.text("variant_name") or KEEP,
                gtins=_several(row, "gtin"),
                compare_at_price=row.decimal("compare_at_price")
                if row.text("compare_at_price")
                else KEEP,
                options=_options(row),
                tracks_serials=row.flag("tracks_serials"),
                media=_media(row, "variant_media"),
            )
        ],
    )


def names_of(draft: ProductDraft) -> dict[str, str]:
    """What a row calls its brand and its category, the parent it gives it, and how it shows both."""
    said = {
        f"brand {draft.brand_code}": draft.brand_name or KEEP,
        f"logo of {draft.brand_code}": draft.brand_logo,
        f"story of {draft.brand_code}": draft.brand_story or None,
        f"category {draft.category_code}": draft.category_name or KEEP,
        f"parent of {draft.category_code}": draft.category_parent_code,
        f"image of {draft.category_code}": draft.category_image,
        f"position of {draft.category_code}": draft.category_position or None,
    }
    return {thing: str(name) for thing, name in said.items() if name is not KEEP}


def _details(row: CsvRow) -> str:
    weight = f"{row.text('weight_g')} g" if row.text("weight_g") else ""
    return " · ".join(filter(None, (weight, row.text("unit"), row.text("origin"))))


def _several(row: CsvRow, column: str) -> list[str] | None:
    """What stands in a cell, apart by bars; None where it is empty."""
    return [each.strip() for each in row.text(column).split(_LIST) if each.strip()] or None


def _media(row: CsvRow, column: str) -> list[MediaDraft] | None:
    return [MediaDraft(url) for url in _several(row, column) or ()] or None


def _medium(row: CsvRow, column: str) -> MediaDraft | Unset:
    return MediaDraft(row.text(column)) if row.text(column) else KEEP


def _attributes(row: CsvRow) -> list[tuple[str, str]] | None:
    """Keys and values, apart by the first `=` or colon of each; None where the cell is empty."""
    if (texts := _several(row, "attributes")) is None:
        return None
    found = []
    for text in texts:
        parts = _SIGN.split(text, 1)
        if len(parts) == 1:
            raise InvalidInput(
                "An attribute is written as key=value, not {text}.",
                path=("attributes",),
                text=repr(text[:40]),
            )
        found.append((parts[0].strip(), parts[1].strip()))
    return found


def _status(row: CsvRow) -> ProductStatus | None:
    if not (text := row.text("status").upper()):
        return None
    if text not in list(ProductStatus):
        raise InvalidInput("The status must be DRAFT, ACTIVE or ARCHIVED.", path=("status",))
    return ProductStatus(text)


def _channels(row: CsvRow) -> list[Channel] | Unset:
    names = [name.upper() for name in _several(row, "channels") or ()]
    if unknown := sorted(set(names) - set(Channel)):
        raise InvalidInput("There is no channel {name}.", path=("channels",), name=unknown[0])
    return [Channel(name) for name in names] or KEEP


def _options(row: CsvRow) -> list[SelectedOptionDraft] | None:
    """What the variant selects, of each option that the row names; None where it names none."""
    pairs = [(row.text(f"option{n}_name"), row.text(f"option{n}_value")) for n in OPTION_NUMBERS]
    return [SelectedOptionDraft(*pair) for pair in pairs if any(pair)] or None


def made_up_price_minor(sku: str) -> int:
    """A price from 1.00 to 99.90 that is always the same for the same SKU."""
    choices = (_DEAREST_MINOR - _CHEAPEST_MINOR) // _STEP_MINOR + 1
    number = int.from_bytes(sha256(sku.encode()).digest()[:8])
    return _CHEAPEST_MINOR + number % choices * _STEP_MINOR


def price_draft(row: CsvRow) -> PriceDraft:
    """Raises: InvalidInput naming the column at fault."""
    return PriceDraft(
        sku=row.text("sku"),
        price=row.decimal("price"),
        list_code=row.text("list_code") or None,
        valid_from=row.moment("valid_from"),
        valid_to=row.moment("valid_to"),
    )


def level_draft(row: CsvRow) -> LevelDraft:
    """Raises: InvalidInput naming the column at fault."""
    return LevelDraft(
        location_code=row.text("location_code", "code"),
        sku=row.text("sku"),
        quantity=row.whole("quantity"),
        compare_quantity=row.whole("compare_quantity") if row.text("compare_quantity") else None,
    )


def _kind(row: CsvRow) -> LocationKind | None:
    if not (text := row.text("kind").upper()):
        return None
    if text not in list(LocationKind):
        raise InvalidInput("The kind must be STORE or WAREHOUSE.", path=("kind",))
    return LocationKind(text)


def _position(row: CsvRow) -> PointDraft | Unset:
    """The point as its source gives it: what was computed from it is less exact."""
    for latitude, longitude, system in _POSITIONS:
        if row.text(latitude) or row.text(longitude):
            return PointDraft(row.number(latitude), row.number(longitude), system)
    if not (row.text("latitude") or row.text("longitude")):
        return KEEP
    name = row.text("system").upper() or CoordinateSystem.WGS84
    if name not in list(CoordinateSystem):
        raise InvalidInput("The coordinate system must be WGS84, GCJ02 or BD09.", path=("system",))
    return PointDraft(row.number("latitude"), row.number("longitude"), CoordinateSystem(name))
