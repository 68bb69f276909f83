"""Lists of what a client prefers, as in Accept, Accept-Encoding and Accept-Language.

Source: RFC 9110, sections 12.4 and 12.5.
"""

from __future__ import annotations

from collections.abc import Iterator


def preferences(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Each name in lower case with its parameters and its weight from 0 to 1, in their order."""
    for part in header.split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        yield name, values, _weight(values.get("q", "1"))


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
