"""Which objects of a level are the same, so that what is asked of them is looked up and built once.

Objects that come of the same row are the same where all their other attributes are equal, too; any other
object is the same as itself alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

ROW = "row"


def keys_of(values: Sequence[Any]) -> list[Hashable]:
    """Equal keys for the same objects."""
    kinds = set(map(type, values))
    names = _attributes(kinds.pop()) if len(kinds) == 1 else ()
    if not names:
        return list(map(id, values))
    try:
        if names == (ROW,):
            return list(map(id, map(attrgetter(ROW), values)))
        keys: list[Hashable] = list(map(attrgetter(*names), values))
        set(keys)
    except (AttributeError, TypeError):  # not initialised, or not hashable
        return list(map(id, values))
    return keys


def firsts_of(values: Sequence[Any]) -> tuple[list[int], list[int]] | None:
    """Where each different object stands first, and for each object which of these it is.

    None where all are different.
    """
    keys = keys_of(values)
    if len(set(keys)) == len(keys):
        return None
    numbers: dict[Hashable, int] = {}
    firsts: list[int] = []
    which: list[int] = []
    for index, key in enumerate(keys):
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(firsts)
            firsts.append(index)
        which.append(number)
    return firsts, which


@lru_cache(maxsize=1024)
def _attributes(kind: type) -> tuple[str, ...]:
    """All attributes of objects that come of a row; none for others. Resolvers are no attributes."""
    if not dataclasses.is_dataclass(kind):
        return ()
    names = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    return names if ROW in names else ()
