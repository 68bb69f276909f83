"""No document is so large, deep or repetitive that reading it hurts."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from graphql import get_introspection_query

from schema.operations.documents import documents as documents_module
from schema.operations.documents.documents import (
    CACHED_CHARACTERS,
    CACHED_DOCUMENTS,
    DocumentRefused,
    Documents,
)
from schema.operations.documents.limits import Limits
from tests.make.api import Api
from tests.schema.toy_server import schema

MANY = 10_000
LIMITS = Limits(max_depth=4, max_aliases=3, max_repeats=3, max_tokens=300)


@pytest.fixture
def documents() -> Documents:
    return Documents(schema, LIMITS)


def refusal(documents: Documents, query: str) -> str:
    with pytest.raises(DocumentRefused) as refused:
        documents.prepare(query)
    assert all(error.extensions["code"] == "INVALID" for error in refused.value.errors)
    return str(refused.value)


def deep(levels: int) -> str:
    return "{ node {" + "child {" * (levels - 2) + "name" + "}" * (levels - 2) + "} }"


def test_depth(documents: Documents) -> None:
    assert documents.prepare(deep(4))
    assert refusal(documents, deep(5)) == ("The operation is 5 levels deep; at most 4 are allowed.")


def test_depth_counts_through_fragments(documents: Documents) -> None:
    query = "{ node { ...A } } fragment A on Node { child { ...B } } fragment B on Node %s"
    assert documents.prepare(query % "{ child { name } }")
    assert "5 levels deep" in refusal(documents, query % "{ child { child { name } } }")


def test_aliases(documents: Documents) -> None:
    assert documents.prepare("{ a: hello b: hello c: hello }")
    assert refusal(documents, "{ a: hello b: hello c: hello d: hello }") == (
        "The operation uses 4 aliases; at most 3 are allowed."
    )


def test_aliases_count_wherever_a_fragment_is_spread(documents: Documents) -> None:
    query = "{ node { ...A child { ...A } } } fragment A on Node { a: name b: name }"
    assert "4 aliases" in refusal(documents, query)


def test_repeats(documents: Documents) -> None:
    assert documents.prepare("{ hello hello hello }")
    assert "4 times" in refusal(
        documents, "{ hello hello ... { hello } ... on Query { hello } hello }"
    )


def test_the_same_field_of_different_types_is_no_repeat(documents: Documents) -> None:
    query = "{ __schema { types { ... on __Type { name } name kind name kind } } }"
    assert documents.prepare(query)


def test_tokens(documents: Documents) -> None:
    assert "300 tokens" in refusal(documents, "{ " + "hello(name: 1) " * 80 + "}")


def test_characters_and_comments(documents: Documents) -> None:
    assert refusal(documents, "{ hello } #" + "x" * 70_000)
    assert refusal(documents, "#\n" * 400 + "{ hello }")


@pytest.mark.parametrize("nested", ["{node" * 2_000, "{ hello(name: " + "[" * 2_000])
def test_nesting_that_would_exhaust_the_stack(nested: str) -> None:
    assert refusal(Documents(schema, Limits(max_tokens=MANY)), nested)


def test_fragments_that_multiply_are_measured_in_linear_time() -> None:
    fragments = "".join(
        f"fragment F{i} on Node {{ a: child {{ ...F{i + 1} }} b: child {{ ...F{i + 1} }} }} "
        for i in range(60)
    )
    query = "{ node { ...F0 } } " + fragments + "fragment F60 on Node { name }"
    started = time.process_time()
    limits = Limits(max_tokens=MANY, max_fragments=MANY, max_spreads=MANY)
    sentence = refusal(Documents(schema, limits), query)
    assert "levels deep" in sentence
    assert f"uses {2**61 - 2} aliases" in sentence
    assert f"selects {2**61 + 2**60 - 1} fields" in sentence
    assert time.process_time() - started < 1


def test_a_long_chain_of_fragments_is_refused_calmly() -> None:
    chain = "".join(f"fragment F{i} on Node {{ ...F{i + 1} }} " for i in range(600))
    query = "{ node { ...F0 } } " + chain + "fragment F600 on Node { name }"
    limits = Limits(max_tokens=MANY, max_fragments=MANY, max_spreads=MANY)
    assert "nested too deeply" in refusal(Documents(schema, limits), query)


def test_cycles_and_unknown_fragments_are_refused(documents: Documents) -> None:
    assert "within itself" in refusal(
        documents, "{ node { ...A } } fragment A on Node { child { ...A } }"
    )
    assert "Unknown fragment" in refusal(documents, "{ node { ...Nowhere } }")


def test_the_worst_accepted_document_is_validated_quickly() -> None:
    fields = " ".join(f"child{{ ...A{i} }}" for i in range(10))
    fragments = " ".join(f"fragment A{i} on Node{{ name child{{name}} }}" for i in range(10))
    started = time.process_time()
    assert Documents(schema, Limits()).prepare(f"{{ node{{ {fields} }} }} {fragments}")
    assert time.process_time() - started < 1


def test_introspection_stays_allowed(documents: Documents) -> None:
    assert documents.prepare(get_introspection_query(input_value_deprecation=True))


def test_a_document_is_prepared_once(documents: Documents) -> None:
    assert documents.prepare("{ hello }") is documents.prepare("{ hello }")
    assert documents.prepare("{ hello }") is not documents.prepare("{ hello  }")


def test_the_cache_is_bounded_by_text() -> None:
    documents = Documents(schema, Limits())
    first = documents.prepare("{ hello }")
    for number in range(8):
        documents.prepare("{ hello } #" + str(number) * (CACHED_CHARACTERS // 8))
    assert documents.prepare("{ hello }") is not first


def test_operation_of_needs_a_name_among_several(documents: Documents) -> None:
    prepared = documents.prepare("query A { hello } query B { crash }")
    assert prepared.operation("B").node.name.value == "B"
    with pytest.raises(DocumentRefused, match="operationName must say"):
        prepared.operation(None)
    with pytest.raises(DocumentRefused, match="no operation named 'C'"):
        prepared.operation("C")


def spread(count: int, selection: Callable[[int], str], around: str = "{ node { %s } }") -> str:
    """A document that spreads so many fragments in one place."""
    spreads = " ".join(f"...F{number}" for number in range(count))
    fragments = " ".join(
        f"fragment F{number} on Node {{ {selection(number)} }}" for number in range(count)
    )
    return around % spreads + " " + fragments


HOSTILE = {
    "fragments with one field": (spread(45, lambda _: "name"), "45 times"),
    "fragments with other fields": (spread(51, lambda n: f"a{n}: name"), "51 fragments"),
    "fragments with one object": (spread(12, lambda _: "child { name }"), "12 times"),
    "objects that are merged": (
        "{ " + "node { " + "child { name name name } " * 4 + "} }",
        "12 times",
    ),
    "objects that are merged twice": ("{ " + "node { child { name name } } " * 6 + "}", "12 times"),
    "spreads": ("{ node { " + "...F " * 81 + "} } fragment F on Node { name }", "81 fragment spreads"),
    "inline fragments": ("{ node { " + "... on Node { name } " * 11 + "} }", "11 times"),
    "types": (
        "{ " + " ".join(f"... on T{n} {{ name }}" for n in range(61)) + " }",
        "61 times",
    ),
    "fields": ("{ " + "node { " + "child { name } " * 3 + "} }", None),
    "operations": (" ".join(f"query Q{n} {{ hello }}" for n in range(21)), "21 operations"),
    "directives": ("{ hello " + "@include(if: true) " * 51 + "}", "51 directives"),
    "unknown fields": ("{ " + " ".join(f"hullo{n}" for n in range(700)) + " }", "hullo2"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_what_validation_compares_pair_by_pair_is_limited(query: str, sentence: str | None) -> None:
    documents = Documents(schema, Limits())
    if sentence is None:
        assert documents.prepare(query)
    else:
        assert sentence in refusal(documents, query)


def test_fields_count_wherever_a_fragment_is_spread() -> None:
    """Without an alias, and without being expanded."""
    fragments = " ".join(
        f"fragment F{n} on Node {{ child {{ ...F{n + 1} }} child {{ ...F{n + 1} }} }}"
        for n in range(12)
    )
    query = "{ node { ...F0 } } " + fragments + " fragment F12 on Node { name }"
    limits = Limits(max_depth=20)
    assert f"selects {1 + 2**13 - 2 + 2**12} fields" in refusal(Documents(schema, limits), query)


def test_few_errors_are_worded() -> None:
    with pytest.raises(DocumentRefused) as refused:
        Documents(schema, Limits()).prepare("{ " + " ".join(f"a{n}" for n in range(99)) + " }")
    assert len(refused.value.errors) == Limits().max_errors


def test_a_refused_document_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = Documents(schema, Limits())
    query = "{ nothing }"
    assert not documents.knows(query)
    first = refusal(documents, query)
    assert documents.knows(query)
    monkeypatch.setattr(documents_module, "parse", None)
    assert refusal(documents, query) == first
    with pytest.raises(DocumentRefused) as refused:
        documents.prepare(query)
    (error,) = refused.value.errors
    assert error.locations
    assert error.nodes is None  # it would keep the whole syntax tree


@pytest.mark.parametrize("field", ["__typename", "nothing"], ids=["prepared", "refused"])
def test_the_documents_that_are_used_stay_whatever_else_is_sent(field: str) -> None:
    documents = Documents(schema, replace(Limits(), max_document_characters=10**6))

    def send(query: str) -> None:
        with suppress(DocumentRefused):
            documents.prepare(query)

    queries = [f"{{ a{number}: {field} }}" for number in range(CACHED_DOCUMENTS + 1)]
    for query in queries[:-1]:
        send(query)
    send(queries[0])
    send(queries[-1])
    assert documents.knows(queries[0])
    assert not documents.knows(queries[1])
    long = f"{{ {field} }}" + " " * CACHED_CHARACTERS
    send(long)
    assert documents.knows(queries[0])
    assert not documents.knows(long)


async def test_json_of_too_many_values_is_refused_before_it_is_read(api: Api) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": [' + b"[]," * 200_001 + b"[]]}}"
    headers = {"content-type": "application/json"}
    answer = await api.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 413
    assert "more than 200000 values" in answer.text
    long = b'{"query": "{ __typename }", "variables": {"a": "' + b"x" * 1_000_000 + b'"}}'
    assert (await api.client.post("/graphql", content=long, headers=headers)).status_code == 200
