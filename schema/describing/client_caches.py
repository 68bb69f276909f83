"""The page `docs/client-caches.md`: how the caches of clients are to key what has no `id`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import fill

from graphql import GraphQLObjectType, GraphQLSchema, is_abstract_type

from schema.describing.written_pages import DOCS, with_section

PAGE = DOCS / "client-caches.md"
# What has no `id`, and still is one thing wherever it comes.
KEYS = {"Change": ("sequence",)}


def embedded(schema: GraphQLSchema) -> Iterator[str]:
    """The types whose objects are part of what they stand in: the same fields elsewhere are another thing."""
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    for name, type_ in sorted(schema.type_map.items()):
        if not isinstance(type_, GraphQLObjectType) or type_ in roots or name.startswith("__"):
            continue
        if name not in KEYS and not _is_node(type_):
            yield name


def section(schema: GraphQLSchema) -> str:
    names = list(embedded(schema))
    keys = "".join(
        f"  {name}: (data) => `{':'.join(f'${{data.{field}}}' for field in fields)}`,\n"
        for name, fields in KEYS.items()
    )
    policies = "".join(
        f"  {name}: {{ keyFields: {json.dumps(fields)} }},\n" for name, fields in KEYS.items()
    )
    return (
        f"```js\nconst embedded = {_listed(names)};\n\n"
        "// urql: cacheExchange({ keys })\n"
        "const keys = {\n"
        "  ...Object.fromEntries(embedded.map((name) => [name, () => null])),\n"
        f"{keys}}};\n\n"
        "// Apollo Client: new InMemoryCache({ typePolicies, possibleTypes })\n"
        "const typePolicies = {\n"
        "  ...Object.fromEntries(embedded.map((name) => [name, { keyFields: false }])),\n"
        f"{policies}}};\n"
        f"const possibleTypes = {{\n{_possible_types(schema)}}};\n```\n"
    )


def written(schema: GraphQLSchema) -> str:
    return with_section(PAGE, "client caches", section(schema))


def _is_node(type_: GraphQLObjectType) -> bool:
    return any(each.name == "Node" for each in type_.interfaces)


def _possible_types(schema: GraphQLSchema) -> str:
    lines = ""
    for name, type_ in sorted(schema.type_map.items()):
        if is_abstract_type(type_):
            possible = sorted(each.name for each in schema.get_possible_types(type_))
            lines += f"  {name}: {_listed(possible, '  ')},\n"
    return lines


def _listed(names: list[str], indent: str = "") -> str:
    inner = f"{indent}  "
    text = fill(
        ", ".join(map(json.dumps, names)), 110, initial_indent=inner, subsequent_indent=inner
    )
    return f"[\n{text}\n{indent}]"
