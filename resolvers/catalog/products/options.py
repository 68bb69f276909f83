"""What a product's variants differ in: each selects one value of each option, none like another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import Duplicate, InvalidInput
from resolvers.bulk_rows import Faults

Options = list[dict[str, Any]]
Selection = Sequence[Mapping[str, str]]


def derived(kept: Options, selections: Sequence[Selection]) -> Options:
    """The options kept, and whatever the selections add to them, in order of appearance."""
    values: dict[str, dict[str, None]] = {
        option["name"]: dict.fromkeys(option["values"]) for option in kept
    }
    for selection in selections:
        for each in selection:
            values.setdefault(each["name"], {})[each["value"]] = None
    return [{"name": name, "values": list(choices)} for name, choices in values.items()]


def check_selections(
    options: Options, selections: Sequence[tuple[tuple[str | int, ...], Selection]], faults: Faults
) -> None:
    """`selections` are (path, selection) of every variant that the product will have."""
    values = {option["name"]: option["values"] for option in options}
    seen: set[tuple[str, ...]] = set()
    for path, selection in selections:
        chosen = {each["name"]: each["value"] for each in selection}
        if len(chosen) != len(selection) or chosen.keys() != values.keys():
            faults.add(InvalidInput("Select one value of each option.", path=path))
        elif wrong := [name for name in chosen if chosen[name] not in values[name]]:
            faults.add(
                InvalidInput(
                    "{value} is not a value of the option {name}.",
                    path=path,
                    value=chosen[wrong[0]],
                    name=wrong[0],
                )
            )
        elif options:
            combination = tuple(chosen[name] for name in values)
            if combination in seen:
                faults.add(Duplicate("Another variant has the same options.", path=path))
            seen.add(combination)


def in_order(options: Options, selection: Selection) -> list[dict[str, str]]:
    """The selection in the order of the options."""
    chosen = {each["name"]: each["value"] for each in selection}
    return [{"name": each["name"], "value": chosen[each["name"]]} for each in options]
