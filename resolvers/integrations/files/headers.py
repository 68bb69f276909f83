"""The header of a table: its delimiter, its columns under the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from resolvers.integrations.files.csv_files import UnreadableFile

DELIMITERS = ",;\t"
COLUMNS = 256
_DECLARED = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_GAP = re.compile(r"[\s-]+")
# Of several columns, the first that the file's kind has.
ALIASES = {
    "门店编码": ("location_code", "code"),
    "门店编号": ("location_code", "code"),
    "店号": ("location_code", "code"),
    "仓库编码": ("location_code", "code"),
    "编码": ("code",),
    "编号": ("code",),
    "商品编码": ("sku", "code"),
    "商品编号": ("sku", "code"),
    "货号": ("sku",),
    "规格编码": ("sku",),
    "款号": ("code",),
    "条码": ("gtin",),
    "条形码": ("gtin",),
    "商品条码": ("gtin",),
    "国际条码": ("gtin",),
    "barcode": ("gtin",),
    "ean": ("gtin",),
    "名称": ("name",),
    "商品名称": ("name",),
    "品名": ("name",),
    "门店名称": ("name",),
    "店名": ("name",),
    "价格": ("price",),
    "售价": ("price",),
    "零售价": ("price",),
    "原价": ("compare_at_price",),
    "数量": ("quantity",),
    "库存": ("quantity",),
    "库存数量": ("quantity",),
    "qty": ("quantity",),
    "原数量": ("compare_quantity",),
    "地址": ("address",),
    "门店地址": ("address",),
    "城市": ("city",),
    "电话": ("phone",),
    "纬度": ("latitude",),
    "经度": ("longitude",),
    "坐标系": ("system",),
    "描述": ("description",),
    "品牌": ("brand_name",),
    "品牌编码": ("brand_code",),
    "品牌名称": ("brand_name",),
    "分类": ("category_name",),
    "分类编码": ("category_code",),
    "分类名称": ("category_name",),
    "上级分类编码": ("category_parent_code",),
    "状态": ("status",),
    "标签": ("tags",),
    "渠道": ("channels",),
    "图片": ("media",),
    "属性": ("attributes",),
    "相关商品": ("related_codes",),
    "规格图片": ("variant_media",),
    "品牌标志": ("brand_logo",),
    "品牌故事": ("brand_story",),
    "分类图片": ("category_image",),
    "分类排序": ("category_position",),
    "规格名称": ("variant_name",),
    "重量": ("weight_g",),
    "单位": ("unit",),
    "产地": ("origin",),
    "价目表编码": ("list_code",),
    "生效时间": ("valid_from",),
    "失效时间": ("valid_to",),
}


def declared_delimiter(line: str) -> str | None:
    """Return the delimiter of a first line `sep=;` as Excel writes it; None for any other line."""
    found = _DECLARED.fullmatch(line)
    return found[1] if found else None


def delimiter_of(line: str) -> str:
    """Return the delimiter that stands most often in a header, outside of quotes."""
    plain = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=plain.count)


def columns_of(
    cells: Sequence[str], required: Sequence[Sequence[str]], known: Collection[str]
) -> list[str]:
    """Return the columns that a header names, checked.

    Of each group of `required` one must be there, and none that is not `known`. Raises: UnreadableFile.
    """
    if len(cells) > COLUMNS:
        raise UnreadableFile(1, "The header has more than {maximum} columns.", maximum=COLUMNS)
    written = [cell.strip() for cell in cells if cell.strip()]
    if not written:
        raise UnreadableFile(1, "The first line is empty: it names the columns.")
    header = [_column(cell, known) for cell in cells]
    names = [name for name in header if name]
    for group in required:
        if not set(group) & set(names):
            raise UnreadableFile(
                1,
                "The column {names} is missing; there are {header}.",
                names=" / ".join(group),
                header=", ".join(written),
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnreadableFile(1, "The column {name} stands in the header twice.", name=twice[0])
    if unknown := [name for name in names if name not in known]:
        raise UnreadableFile(
            1,
            "There is no column {names}; those there can be are {known}.",
            names=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
    return header


def _column(cell: str, known: Collection[str]) -> str:
    name = _GAP.sub("_", cell.strip().lower())
    return next((each for each in ALIASES.get(name, ()) if each in known), name)
