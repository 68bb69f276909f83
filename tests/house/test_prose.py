"""Every module says what it is for, and a function's docstring begins with a verb in the imperative."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import Module, modules_below, product

NOT_YET_REWRITTEN = ("resolvers", "schema")
"""Folders whose docstrings are still to be rewritten."""
REWRITTEN = ("resolvers/stock",)
"""Folders inside these that are rewritten already."""

# The first words of noun phrases, relative clauses and conditions, none of which is a verb.
NO_VERBS = {
    "a", "an", "the", "all", "another", "any", "both", "each", "either", "every", "few", "many",
    "more", "most", "no", "none", "one", "other", "several", "some", "such", "it", "its", "that",
    "their", "these", "they", "this", "those", "how", "what", "whatever", "when", "where", "whether", "which",
    "while", "who", "whoever", "whom", "whose", "why", "after", "although", "as", "at", "because", "before",
    "below", "beside", "beyond", "by", "for", "from", "if", "in", "inside", "into", "of", "on",
    "only", "outside", "over", "so", "than", "to", "under", "unless", "until", "up", "with", "within",
    "without", "also", "here", "never", "not", "now", "once", "there",
}  # fmt: skip
# Words in -s and -ing that are imperatives; all others are "Returns" or "Sending".
IMPERATIVES = {"bring", "focus", "ring", "string"}


def undocumented_modules(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        if not ast.get_docstring(module.tree):
            yield f"{module.path.as_posix()}: says in a docstring what it is for"


def no_imperatives(modules: list[Module]) -> Iterator[str]:
    """Yield public functions whose docstring begins with another word than an imperative verb."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_checked(
                module, node
            ):
                first = (ast.get_docstring(node) or "Return").split()[0]
                if not _may_be_imperative(first.strip("`\"'():;,.")):
                    yield f"{module.at(node)}: {node.name} begins with {first!r}"


def _is_checked(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if module.path.parts[0] == "schema" and node.decorator_list:
        return False  # the docstring of a GraphQL field describes its value
    names = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
    return not node.name.startswith("_") and not names & {"property", "cached_property"}


def _may_be_imperative(word: str) -> bool:
    lower = word.lower()
    if not word[:1].isupper() or lower in NO_VERBS:
        return False
    inflected = lower.endswith("ing") or (lower.endswith("s") and not lower.endswith("ss"))
    return not inflected or lower in IMPERATIVES


def rewritten(modules: list[Module]) -> list[Module]:
    left_out = tuple(f"{each}/" for each in NOT_YET_REWRITTEN)
    done = tuple(f"{each}/" for each in REWRITTEN)
    return [
        each
        for each in modules
        if each.path.as_posix().startswith(done) or not each.path.as_posix().startswith(left_out)
    ]


def test_modules_say_what_they_are_for() -> None:
    modules = [*product(), *modules_below("benchmarks"), *modules_below("migrations")]
    assert list(undocumented_modules(rewritten(modules))) == []


def test_functions_say_in_the_imperative_what_they_do() -> None:
    assert list(no_imperatives(rewritten([*product(), *modules_below("benchmarks")]))) == []


def test_the_folders_that_are_left_out_exist() -> None:
    paths = [each.path.as_posix() for each in product()]
    for folder in (*NOT_YET_REWRITTEN, *REWRITTEN):
        assert any(path.startswith(f"{folder}/") for path in paths), folder


@pytest.mark.parametrize("text", ["", "x = 1\n", "# A comment.\n", '""\nx = 1\n'])
def test_a_module_without_docstring_is_found(sample, text: str) -> None:
    assert len(list(undocumented_modules(sample("models/a.py", text)))) == 1


@pytest.mark.parametrize(
    "docstring",
    [
        "The rows of a table.",
        "What is left.",
        "Whether it is open.",
        "Of all rows the first.",
        "Raises: NotFound.",
        "Returns the rows.",
        "Sending the rows.",
        "`token` is `id.answer`.",
        "1 for each row.",
    ],
)
def test_a_docstring_without_imperative_is_found(sample, docstring: str) -> None:
    text = f'async def f():\n    """{docstring}"""\n'
    assert len(list(no_imperatives(sample("models/a.py", text)))) == 1


def test_the_description_of_a_field_may_be_a_noun_phrase(sample) -> None:
    text = '@strawberry.field\ndef f():\n    """The rows."""\n'
    assert list(no_imperatives(sample("schema/a.py", text))) == []
    assert len(list(no_imperatives(sample("models/a.py", text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """Return the rows."""\n',
        'def f():\n    """Pass the rows on. Raises: NotFound."""\n',
        'def f():\n    """Bring the rows."""\n',
        "def f():\n    return 1\n",
        'def _f():\n    """The rows."""\n',
        'class A:\n    """The rows."""\n\n    @property\n    def f(self):\n        """The rows."""\n',
        'class A:\n    def __str__(self):\n        """The rows."""\n',
    ],
)
def test_other_docstrings_are_left_alone(sample, text: str) -> None:
    assert list(no_imperatives(sample("models/a.py", text))) == []
