"""Values of the right type that nobody means well with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLInputType, get_named_type, get_nullable_type, is_enum_type, is_list_type

from schema.nodes.nodes import global_id

LONG = 100_000
TEXTS: Sequence[str] = (
    "", " ", "\u3000", "\n\t\r", "a\u0000b", "\U0001f468\u200d\U0001f467", "\u202etxt.exe\u202c",
    "e" + "\u0301" * 300, "\ufeff", "\ud800", "\uffff", "Ω" * LONG, "'; DROP TABLE member; --", '" OR "1"="1',
    "%' OR '1' LIKE '%", "\\", "%_%", "{{7*7}}${7*7}<%= 7*7 %>#{7*7}", "%(password)s {0.__class__} %s%n",
    "../../../../etc/passwd", "file:///etc/passwd", "<script>alert(1)</script>", "javascript:alert(1)",
    "$(reboot) `reboot` | reboot", "=cmd|' /C calc'!A0", "null", "NaN", "Infinity", "-1", "0", "1e400", "٣",
    "http://127.0.0.1:1/", "http://[::1", "https://2130706433/", "()" * 5_000, "[" * 5_000, "\x7f\x80\x85",
)  # fmt: skip
IDENTIFIERS: Sequence[str] = (
    "", "1", "Order:1", "T3JkZXI6MQ==", "T3JkZXI6LTE", "T3JkZXI6MDEx", "T3JkZXI6MS41", "T3JkZXI6",
    global_id("Order", 2**63), global_id("Order", 10**17), global_id("Nothing", 1), global_id("Staff", 1),
    global_id("Variant", 1), global_id("Store", 1), global_id("Organisation", 1), global_id("Member", 1),
    "😀", "a\u0000b", "T3JkZXI6MQ" * 5_000, "' OR 1=1 --", "\ud800", "%00", "////",
)  # fmt: skip
WHOLE = (0, -1, 1, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**63) - 1, 10**30, 1.5, True, "1")
FRACTIONS = (0.0, -0.0, -90.0, 90.0, 180.5, 1e308, -1e308, 5e-324, 91, 10**400, "1", True)
NUMERALS = (
    "", "0", "-0", "-0.01", "0.001", "1e3", "1E+400", "-1e-400", "NaN", "sNaN", "Infinity", "-Infinity",
    "99999999999999.99", "9" * 400, "1,00", "٣.٠٠", "1_000", " 1", "0x10", 1.1, 2**63, 1e400, True,
)  # fmt: skip
MOMENTS = (
    "", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01",
    "2026-01-01T00:00:00", "2026-06-30T23:59:60Z", "2026-01-01T24:00:00Z", "-0001-01-01T00:00:00Z", 0, 1e20,
)  # fmt: skip
DAYS = (
    "",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2026-02-30",
    "20260101",
    0,
    "2026-01-01T00:00:00Z",
)
BIG = (
    "",
    "0",
    "-1",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
    "1.5",
    "٣",
    1,
    2**63,
)
VALUES: dict[str, Sequence[Any]] = {
    "String": TEXTS,
    "ID": IDENTIFIERS,
    "Int": WHOLE,
    "Float": FRACTIONS,
    "Decimal": NUMERALS,
    "DateTime": MOMENTS,
    "Date": DAYS,
    "BigInt": BIG,
    "Boolean": (True, False, "true", 1),
    "Upload": ("file", None, 1),
}


def values_for(kind: GraphQLInputType, plausible: Any = None) -> Sequence[Any]:
    """What to put where a value of this type is expected: also lists with the same row twice."""
    inner = get_named_type(kind)
    singles = [*inner.values] if is_enum_type(inner) else [*VALUES[inner.name]]
    if not is_list_type(get_nullable_type(kind)):
        return [*singles, None]
    first = plausible[0] if isinstance(plausible, list) and plausible else singles[0]
    return [*([each] for each in singles), [], [first, first], [singles[0]] * 600, [None]]
