"""Rows of products checked by themselves, each fault named by its place in the row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models import bounds
from models.accounts.channels import Channel
from models.catalog.gtin import InvalidGtin, gtin_key, normalise_gtin
from models.catalog.products import ProductStatus
from models.errors import Duplicate, InvalidInput
from resolvers.bulk_rows import KEEP, Faults, Unset
from resolvers.catalog.media import Medium, media_of, medium_of, position_of, story_of
from resolvers.catalog.prices.setting import price_of, warned_price_of
from resolvers.catalog.products.drafts import ProductDraft, VariantDraft
from resolvers.validation import code_of, line_of, text_of

_SLUG = re.compile(r"\w+([-_]\w+)*")
VARIANTS_AT_ONCE = 100
MAXIMUM = {
    "variants": VARIANTS_AT_ONCE,
    "gtins": bounds.VARIANT_GTINS,
    "tags": bounds.PRODUCT_TAGS,
    "attributes": bounds.PRODUCT_ATTRIBUTES,
    "relatedCodes": bounds.PRODUCT_RELATED,
    "options": bounds.PRODUCT_OPTIONS,
    "values": bounds.OPTION_VALUES,
}
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVariant:
    """`gtins` are (14-digit key, as printed) pairs; `selected` as it is kept."""

    sku: str
    name: str | Unset | None
    price_minor: int
    compare_at_minor: int | Unset | None
    gtins: list[tuple[str, str]] | None
    selected: list[dict[str, str]] | None
    tracks_serials: bool | None
    media: list[Medium] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProduct:
    """`excluded` are the channels that do not list it; None where they stay as they are."""

    code: str
    name: str
    slug: str | None
    description: str | None
    brand_code: str | Unset | None
    brand_name: str | None
    brand_logo: Medium | Unset | None
    brand_story: str | Unset | None
    category_code: str | Unset | None
    category_name: str | None
    category_parent_code: str | Unset | None
    category_image: Medium | Unset | None
    category_position: int | Unset | None
    status: ProductStatus | None
    tags: list[str] | None
    options: list[dict[str, Any]] | None
    media: list[Medium] | None
    attributes: list[dict[str, str]] | None
    related_codes: list[str] | None
    excluded: frozenset[Channel] | None
    variants: list[CheckedVariant]


def check_product(draft: ProductDraft, faults: Faults) -> CheckedProduct:
    """The row in the shape it is kept in; what is wrong goes to `faults`."""
    check = faults.check
    check(_few, draft.variants, "variants", ("variants",), 1)
    return CheckedProduct(
        code=check(code_of, draft.code, "code"),
        name=check(line_of, draft.name, "name", 200),
        slug=check(_slug, draft.slug),
        description=check(_description, draft.description),
        brand_code=check(_optional_code, draft.brand_code, "brandCode"),
        brand_name=check(_optional_text, draft.brand_name, ("brandName",), 200),
        brand_logo=medium_of(draft.brand_logo, faults, ("brandLogo",)),
        brand_story=check(story_of, draft.brand_story, "brandStory"),
        category_code=check(_optional_code, draft.category_code, "categoryCode"),
        category_name=check(_optional_text, draft.category_name, ("categoryName",), 200),
        category_parent_code=check(_parent_code, draft),
        category_image=medium_of(draft.category_image, faults, ("categoryImage",)),
        category_position=check(position_of, draft.category_position, "categoryPosition"),
        status=draft.status,
        tags=_tags(draft.tags, faults),
        options=_options(draft, faults),
        media=media_of(draft.media, faults, ("media",), bounds.PRODUCT_MEDIA),
        attributes=_attributes(draft, faults),
        related_codes=_related(draft, faults),
        excluded=_excluded(draft),
        variants=[
            _variant(each, faults, ("variants", position))
            for position, each in enumerate(draft.variants[: MAXIMUM["variants"]])
        ],
    )


def _excluded(draft: ProductDraft) -> frozenset[Channel] | None:
    if isinstance(draft.channels, Unset):
        return None
    return frozenset() if draft.channels is None else frozenset(Channel) - set(draft.channels)


def _variant(draft: VariantDraft, faults: Faults, path: Path) -> CheckedVariant:
    check = faults.check
    compare_at = draft.compare_at_price
    return CheckedVariant(
        sku=check(code_of, draft.sku, *path, "sku"),
        name=check(line_of, draft.name, (*path, "name"), 200)
        if isinstance(draft.name, str)
        else draft.name,
        price_minor=check(warned_price_of, draft.price, faults, *path, "price"),
        compare_at_minor=check(price_of, compare_at, *path, "compareAtPrice")
        if isinstance(compare_at, Decimal)
        else compare_at,
        gtins=_gtins(draft.gtins, faults, (*path, "gtins")),
        selected=_selected(draft, faults, (*path, "options")),
        tracks_serials=draft.tracks_serials,
        media=media_of(draft.media, faults, (*path, "media"), bounds.VARIANT_MEDIA),
    )


def _gtins(texts: Sequence[str] | None, faults: Faults, path: Path) -> list[tuple[str, str]] | None:
    if texts is None:
        return None
    faults.check(_few, texts, "gtins", path)
    found: dict[str, str] = {}
    for position, text in enumerate(texts[: MAXIMUM["gtins"]]):
        printed = faults.check(_gtin, text, (*path, position))
        if printed is not None:
            found.setdefault(gtin_key(printed), printed)
    return list(found.items())


def _gtin(text: str, path: Path) -> str:
    try:
        return normalise_gtin(text)
    except InvalidGtin as error:
        raise InvalidInput(str(error), path=path) from None


def _selected(draft: VariantDraft, faults: Faults, path: Path) -> list[dict[str, str]] | None:
    if draft.options is None:
        return None
    faults.check(_few, draft.options, "options", path)
    return [
        {
            "name": faults.check(line_of, each.name, (*path, position, "name"), 64),
            "value": faults.check(line_of, each.value, (*path, position, "value"), 64),
        }
        for position, each in enumerate(draft.options[: MAXIMUM["options"]])
    ]


def _options(draft: ProductDraft, faults: Faults) -> list[dict[str, Any]] | None:
    if draft.options is None:
        return None
    faults.check(_few, draft.options, "options", ("options",))
    found = []
    for position, option in enumerate(draft.options[: MAXIMUM["options"]]):
        path: Path = ("options", position)
        faults.check(_few, option.values, "values", (*path, "values"), 1)
        values = [
            faults.check(line_of, value, (*path, "values", each), 64)
            for each, value in enumerate(option.values[: MAXIMUM["values"]])
        ]
        faults.check(_distinct, values, (*path, "values"))
        name = faults.check(line_of, option.name, (*path, "name"), 64)
        found.append({"name": name, "values": values})
    faults.check(_distinct, [each["name"] for each in found], ("options",))
    return found


def _tags(tags: Sequence[str] | None, faults: Faults) -> list[str] | None:
    if tags is None:
        return None
    faults.check(_few, tags, "tags", ("tags",))
    checked = [
        faults.check(line_of, tag, ("tags", position), 64)
        for position, tag in enumerate(tags[: MAXIMUM["tags"]])
    ]
    return list(dict.fromkeys(checked))


def _attributes(draft: ProductDraft, faults: Faults) -> list[dict[str, str]] | None:
    if draft.attributes is None:
        return None
    faults.check(_few, draft.attributes, "attributes", ("attributes",))
    found = [
        {
            "key": faults.check(line_of, key, ("attributes", position, "key"), 64),
            "value": faults.check(line_of, value, ("attributes", position, "value"), 500),
        }
        for position, (key, value) in enumerate(draft.attributes[: MAXIMUM["attributes"]])
    ]
    faults.check(_distinct, [each["key"] for each in found], ("attributes",))
    return found


def _related(draft: ProductDraft, faults: Faults) -> list[str] | None:
    """Codes of other products, whether these are there yet or not."""
    if draft.related_codes is None:
        return None
    faults.check(_few, draft.related_codes, "relatedCodes", ("relatedCodes",))
    codes = [
        faults.check(code_of, code, "relatedCodes", position)
        for position, code in enumerate(draft.related_codes[: MAXIMUM["relatedCodes"]])
    ]
    if draft.code in codes:
        faults.add(InvalidInput("A product is not related to itself.", path=("relatedCodes",)))
    return list(dict.fromkeys(codes))


def _slug(slug: str | None) -> str | None:
    if slug is not None and not (len(slug) <= 160 and _SLUG.fullmatch(slug)):
        raise InvalidInput(
            "A slug has 1 to 160 letters, digits and single hyphens between them.", path=("slug",)
        )
    return slug


def _description(text: str | None) -> str | None:
    if text is None:
        return None
    return text_of(text.replace("\r\n", "\n"), "description", 20_000, 0)


def _optional_text(text: str | None, path: Path, maximum: int) -> str | None:
    return None if text is None else line_of(text, path, maximum)


def _optional_code(code: str | Unset | None, name: str) -> str | Unset | None:
    return code_of(code, name) if isinstance(code, str) else code


def _parent_code(draft: ProductDraft) -> str | Unset | None:
    if not isinstance(draft.category_parent_code, str):
        return draft.category_parent_code
    if draft.category_code in (KEEP, None):
        raise InvalidInput(
            "A parent needs a category: give its code too.", path=("categoryParentCode",)
        )
    return code_of(draft.category_parent_code, "categoryParentCode")


def _few(values: Sequence[object], name: str, path: Path, minimum: int = 0) -> None:
    if not minimum <= len(values) <= MAXIMUM[name]:
        raise InvalidInput(
            "Give {minimum} to {maximum} of these.",
            path=path,
            minimum=minimum,
            maximum=MAXIMUM[name],
        )


def _distinct(values: Sequence[object], path: Path) -> None:
    if len(set(values)) < len(values):
        raise Duplicate("These must differ from each other.", path=path)
