"""The picture in docs/execution.md is what the compiler makes of its query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, get_named_type, is_object_type, parse

from schema import schema
from schema.execution.completion import Lists, Slot
from schema.execution.leaves import Leaf
from schema.execution.operation import Operation
from schema.execution.selection import Selection
from schema.execution.variables import NO_VARIABLES

PAGE = Path(__file__).parents[3] / "docs" / "execution.md"
BRANCHES = str.maketrans("│├└─", "    ")


def test_the_picture_shows_the_plan() -> None:
    blocks = re.findall(
        r"^```\w*\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    query, picture = blocks[0], blocks[1]
    document = parse(query)
    [asked] = document.definitions
    assert isinstance(asked, OperationDefinitionNode)
    operation = Operation(schema, document, asked)
    operation.compile()
    plan = operation.plan(NO_VARIABLES)
    assert plan
    drawn = [" ".join(line.translate(BRANCHES).split()) for line in picture.splitlines()]
    assert drawn == list(lines(plan.root))


def lines(selection: Selection) -> Iterator[str]:
    yield selection.type_.name
    for field in selection.fields:
        yield f"{field.site.key} {type(field.source).__name__} {described(field.slot)}"
        type_ = get_named_type(field.site.definition.type)
        if is_object_type(type_):
            yield from lines(field.selections[type_.name])


def described(slot: Slot) -> str:
    completer: Any = slot.inner.__self__  # type: ignore[attr-defined]
    what = "objects"
    if isinstance(completer, Lists):
        what = f"list of {described(completer.item)}"
    elif isinstance(completer, Leaf):
        what = completer.type_.name
    return f"{'' if slot.nullable else 'not null: '}{what}"
