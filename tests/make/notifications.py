"""Notifications of payments: a good one, and hostile ones."""

from __future__ import annotations

import json
from typing import Any

from models.money import MAX_MINOR

GOOD: dict[str, Any] = {
    "reference": "P" + "0" * 30,
    "provider_reference": "sandbox-1",
    "succeeded": True,
    "amount_minor": 1250,
    "currency": "CNY",
}


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


HOSTILE = {
    "huge integer": changed(amount_minor=10**30),
    "beyond money": changed(amount_minor=MAX_MINOR + 1),
    "thousands of digits": changed(amount_minor=0).replace(b": 0", b": " + b"9" * 20_000),
    "negative": changed(amount_minor=-1),
    "float": changed(amount_minor=12.5),
    "whole float": changed(amount_minor=1250.0),
    "exponent": changed(amount_minor=0).replace(b": 0", b": 1e3"),
    "NaN": changed(amount_minor=float("nan")),
    "infinity": changed(amount_minor=float("inf")),
    "text for money": changed(amount_minor="1250"),
    "boolean for money": changed(amount_minor=True),
    "null for money": changed(amount_minor=None),
    "text for a flag": changed(succeeded="true"),
    "number for a flag": changed(succeeded=1),
    "number for a text": changed(reference=7),
    "list for a text": changed(reference=["P"]),
    "long reference": changed(reference="P" * 33),
    "long number of theirs": changed(provider_reference="x" * 65),
    "empty reference": changed(reference=""),
    "NUL": changed(reference="P\0"),
    "line break": changed(provider_reference="a\nb"),
    "lone surrogate": changed(reference="?").replace(b"?", b"\\ud800"),
    "long currency": changed(currency="CNYCNY"),
    "a field more": changed(extra=1),
    "a field less": json.dumps({"reference": "P"}).encode(),
    "a name twice": changed()[:-1] + b', "amount_minor": 1}',
    "not UTF-8": changed(currency="?").replace(b"?", b"\xff\xfe"),
    "UTF-16": changed().decode().encode("utf-16"),
    "a mark before it": b"\xef\xbb\xbf" + changed(),
    "two objects": changed() * 2,
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "nothing": b"",
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 900 + b"1" + b"}" * 900,
    "not JSON": b"amount_minor=1250",
}
