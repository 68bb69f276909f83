"""The goods of a chain, as an ERP sends them: real files where they are at hand, made-up ones otherwise.

`QUINTET_TEST_DATA` names a folder with `stores.csv` and `products.csv`. Prices and stock are always
made up, and the same each time.
"""

from __future__ import annotations

import csv
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from models.catalog.gtin import check_digit

DATA = os.environ.get("QUINTET_TEST_DATA", "")
WORDS = [
    "纯牛奶",
    "酸牛奶",
    "矿泉水",
    "苹果醋",
    "红茶",
    "绿豆糕",
    "牛肉干",
    "方便面",
    "洗衣粉",
    "洗发水",
]
MAKERS = ["欢乐家", "康师傅", "好时光", "大草原", "东北人", "老味道", "小磨坊"]


def store_rows() -> list[dict[str, Any]]:
    """247 stores as rows of `storeUpsert`, positions in BD-09."""
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "address": {"street": row["address"], "city": "沈阳市"},
            "position": {
                "latitude": float(row["latitude_bd09"]),
                "longitude": float(row["longitude_bd09"]),
                "system": "BD09",
            },
            "services": ["PICKUP", "DELIVERY", "CARRY_OUT"],
        }
        for row in _stores()
    ]


def product_rows() -> list[dict[str, Any]]:
    """3,761 products as rows of `catalogUpsert`, one variant each; the GTIN is code and SKU."""
    return [
        {
            "code": row["gtin"],
            "name": row["name"],
            "variants": [
                {"sku": row["gtin"], "gtins": [row["gtin"]], "price": price_of(row["gtin"])}
            ],
        }
        for row in _products()
    ]


def price_of(gtin: str) -> str:
    """A made-up price between 1.00 and 100.99, always the same for a GTIN."""
    fen = 100 + int(sha256(gtin.encode()).hexdigest(), 16) % 10_000
    return f"{fen // 100}.{fen % 100:02d}"


def batches(rows: list[dict[str, Any]], size: int = 500) -> list[list[dict[str, Any]]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _stores() -> list[dict[str, str]]:
    if DATA:
        return _read("stores.csv")
    return [
        {
            "code": f"ST{number:03d}",
            "name": f"{number}号店",
            "address": f"铁西区建设大路{number}号",
            "latitude_bd09": f"{41.60 + (number * 37 % 226) * 0.002:.6f}",
            "longitude_bd09": f"{123.20 + (number * 53 % 226) * 0.003:.6f}",
        }
        for number in range(247)
    ]


def _products() -> list[dict[str, str]]:
    if DATA:
        return _read("products.csv")
    return [
        {
            "gtin": _gtin(number),
            "name": f"{MAKERS[number % 7]}{WORDS[number % 10]}{100 + number}克",
        }
        for number in range(3761)
    ]


def _gtin(number: int) -> str:
    body = f"69{number:010d}"
    return body + str(check_digit(body))


def _read(name: str) -> list[dict[str, str]]:
    with (Path(DATA) / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
