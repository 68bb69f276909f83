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
ROW_OF = attrgetter(ROW)


def keys_of(values: Sequence[Any]) -> list[Hashable]:
    """Equal keys for the same objects."""
    names = _common_attributes(values)
    if not names:
        return list(map(id, values))
    try:
        if names == (ROW,):
            return list(map(id, map(ROW_OF, values)))
        keys: list[Hashable] = list(map(attrgetter(*names), values))
        set(keys)
    except (AttributeError, TypeError):  # not initialised, or not hashable
        return list(map(id, values))
    return keys


def firsts_of(values: Sequence[Any]) -> tuple[list[int], list[int]] | None:
    """Where each different object stands first, and for each object which of these it is.

    None where all are different.
    """
    if _all_of_other_rows(values):
        return None
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


def _all_of_other_rows(values: Sequence[Any]) -> bool:
    """Whether each comes of a row of its own, as most do. It takes less than to compare them."""
    if not _common_attributes(values):
        return False
    try:
        return len(set(map(id, map(ROW_OF, values)))) == len(values)
    except AttributeError:  # not initialised
        return False


def _common_attributes(values: Sequence[Any]) -> tuple[str, ...]:
    """The attributes that count, where all are of one type; none for others."""
    kinds = set(map(type, values))
    return _attributes(kinds.pop()) if len(kinds) == 1 else ()


@lru_cache(maxsize=1024)
def _attributes(kind: type) -> tuple[str, ...]:
    """All attributes of objects that come of a row; none for others. Resolvers are no attributes."""
    if not dataclasses.is_dataclass(kind):
        return ()
    names = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    return names if ROW in names else ()
