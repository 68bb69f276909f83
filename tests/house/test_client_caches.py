"""What clients are told to key is of this schema, and nothing with an identity is called embedded."""

from __future__ import annotations

from graphql import GraphQLObjectType

from schema import schema
from schema.describing.client_caches import KEYS, PAGE, embedded, written

TYPES = schema._schema.type_map


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(schema._schema)


def test_every_type_is_a_node_or_embedded_or_has_a_key() -> None:
    nodes = {each.name for each in schema._schema.get_possible_types(TYPES["Node"])}  # type: ignore[arg-type]
    roots = {"Query", "Mutation", "Subscription"}
    known = [*embedded(schema._schema), *KEYS, *nodes, *roots]
    objects = {
        name
        for name, type_ in TYPES.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
    }
    assert sorted(known) == sorted(objects)


def test_keys_are_fields_that_are_never_null() -> None:
    for name, fields in KEYS.items():
        type_ = TYPES[name]
        assert isinstance(type_, GraphQLObjectType)
        assert [str(type_.fields[field].type)[-1] for field in fields] == ["!"] * len(fields)
