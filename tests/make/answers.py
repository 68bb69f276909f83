"""Answers as the document alone decides them: what an operation cost depends on what was asked before."""

from __future__ import annotations

import json
import re
from typing import Any


def without_cost(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer without `extensions.cost`, which it must have, and without an empty `extensions`."""
    rest = {name: value for name, value in answer["extensions"].items() if name != "cost"}
    assert len(rest) < len(answer["extensions"]), answer
    others = {name: value for name, value in answer.items() if name != "extensions"}
    return {**others, "extensions": rest} if rest else others


# What differs each time.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|GIVEN-\d+|\"cursor\": \"[^\"]*\"")


NEW_NODE = re.compile(r"\"nodeId\": \"[^\"]*\"")


def normal(answer: dict[str, Any], asked: Any) -> str:
    answer.pop("extensions", None)
    for error in answer.get("errors", []):
        error.get("extensions", {}).pop("requestId", None)
    text = MOMENT.sub("<then>", json.dumps(answer, sort_keys=True)).replace(str(asked), "<it>")
    # What was made just now is another one each time.
    return NEW_NODE.sub('"nodeId": "<new>"', text) if '"created": 1' in text else text
