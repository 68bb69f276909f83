"""Answers as the document alone decides them: what an operation cost depends on what was asked before."""

from __future__ import annotations

from typing import Any


def without_cost(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer without `extensions.cost`, which it must have, and without an empty `extensions`."""
    rest = {name: value for name, value in answer["extensions"].items() if name != "cost"}
    assert len(rest) < len(answer["extensions"]), answer
    others = {name: value for name, value in answer.items() if name != "extensions"}
    return {**others, "extensions": rest} if rest else others
