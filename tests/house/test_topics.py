"""Webhooks know every topic that anything announces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from models.outbox import TOPICS
from tests.house.source import Module, product

TELLING = re.compile("change|announce|documentkind")
TOPIC = re.compile(r"[a-z][a-zA-Z_]*\.[a-z][a-zA-Z_]*")


def announced(modules: list[Module]) -> Iterator[str]:
    """The topics in calls of `Change(…)`, `DocumentKind(…)` and of functions that change or announce."""
    for module in modules:
        if module.path.parts[0] != "resolvers":
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and TELLING.search(ast.unparse(node.func).lower()):
                given = [*node.args, *(each.value for each in node.keywords)]
                for value in given:
                    text = value.value if isinstance(value, ast.Constant) else None
                    if isinstance(text, str) and TOPIC.fullmatch(text):
                        yield text


def test_every_topic_is_known() -> None:
    found = set(announced(product()))
    assert found - TOPICS == set()
    assert TOPICS - found == set()


def test_a_new_topic_is_found(sample) -> None:  # type: ignore[no-untyped-def]
    text = 'Change(topic="a.made")\nchanged("b.made", 1)\nannounce_it("d.made")\nprint("c.made")'
    assert set(announced(sample("resolvers/a.py", text))) == {"a.made", "b.made", "d.made"}
