"""The rules that the schema keeps for those who write clients; each exception is named, and must be one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from schema import schema

CORE = schema._schema
TYPES = {name: each for name, each in CORE.type_map.items() if not name.startswith("__")}
PAGING = {"first", "after", "last", "before"}
PASCAL, CAMEL = re.compile(r"[A-Z][a-zA-Z0-9]*"), re.compile(r"[a-z][a-zA-Z0-9]*")
UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

# A walk by distance, a walk down a tree, and a feed that has no end yet go one way.
FORWARD_ONLY = {
    "Query.stores",
    "Query.changes",
    "Member.orders",
    "Referral.downline",
    "Variant.stockLevels",
    "Store.staff",
    "Organisation.staff",
}
# Arguments of lists beside paging, `filter` and `sort`: what a list is of, and where it is measured from.
LOOSE = {
    "Query.stores(near:)",
    "Query.stockLevels(near:)",
    "Query.stockAsOf(at:)",
    "Referral.downline(depth:)",
    "Variant.stockLevels(near:)",
    "Variant.serials(locationId:)",
}
# Conditions that are arguments beside the filter that has them, too.
ALSO_ARGUMENTS = {
    "Query.organisations": {"kind", "search"},
    "Query.stockLevels": {"variantId", "locationId"},
    "Query.stockMovements": {"variantId", "locationId"},
    "Query.transfers": {"status", "locationId"},
    "Query.stocktakes": {"status", "locationId", "number", "createdFrom", "createdTo"},
    "Query.purchaseOrders": {
        *("status", "locationId", "supplierCode", "number", "createdFrom", "createdTo")
    },
    "Query.fulfilments": {"locationId", "status"},
    "Query.members": {"search", "tierCode"},
    "Query.changes": {"types"},
    "Referral.commissions": {"status"},
}
# Lists that no `filter` cuts, and why none has to.
UNFILTERED = {
    "Organisation.staff": "the few people of one node; `staff(filter:)` searches among all",
    "Store.staff": "the few people of one store; `staff(filter:)` searches among all",
    "Referral.downline": "a walk down one tree, as deep as `depth` says",
    "Variant.stockLevels": "one variant's levels; `stockLevels(filter:)` cuts them",
    "Variant.priceHistory": "the changes of one variant's prices, the latest first",
    "Query.nodes": "what `ids` names",
    "Query.brands": "all brands of a merchant for its menus; `productFacets` has those of a search",
    "Query.categories": "one level of a tree, as `parentCode` says",
    "Query.tiers": "the few tiers of a merchant",
}
# Connections without `totalCount`, and why nobody needs one.
UNCOUNTED = {
    "ChangeConnection": "a feed without an end: the count is another at every moment, and no page needs it",
}
# Lists by a word that has no plural, that says what holds of all, or that `in` could follow in a filter.
PLURAL = {
    *("media", "history", "children", "team", "staff", "path", "allowed", "lost", "carrying"),
    *("serialsOnTheRoad", "refusedBecause", "status", "channel", "topic", "tierCode"),
    *(
        "fulfilmentMethod",
        "fulfilmentStatus",
        "method",
        "provider",
        "kind",
        "health",
        "related",
        "state",
    ),
}
STARTS_AS_QUESTION = {"PageInfo.hasNextPage", "PageInfo.hasPreviousPage", "Store.isOpen"}
# What is added up or measured says its unit in its name; coordinates are degrees by their names.
FLOATS = {"latitude", "longitude"}
INPUT_ENDINGS = ("Input", "Filter", "Row")


def fields() -> Iterator[tuple[str, GraphQLField]]:
    for name, type_ in TYPES.items():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            yield from ((f"{name}.{key}", field) for key, field in type_.fields.items())


def arguments() -> Iterator[tuple[str, GraphQLArgument]]:
    for name, field in fields():
        yield from ((f"{name}({key}:)", given) for key, given in field.args.items())


def inputs() -> Iterator[tuple[str, GraphQLInputObjectType]]:
    for name, type_ in TYPES.items():
        if isinstance(type_, GraphQLInputObjectType):
            yield name, type_


def lists() -> Iterator[tuple[str, GraphQLField]]:
    for name, field in fields():
        if get_named_type(field.type).name.endswith("Connection"):
            yield name, field


def values() -> Iterator[tuple[str, str]]:
    """Everything that holds a value, output or input: where it is, and its type."""
    yield from ((name, str(field.type)) for name, field in fields())
    yield from ((name, str(given.type)) for name, given in arguments())
    for name, type_ in inputs():
        yield from ((f"{name}.{key}", str(field.type)) for key, field in type_.fields.items())


def last_word(place: str) -> str:
    return re.sub(r".*[.(]|:\)", "", place)


def test_names_are_written_alike() -> None:
    assert [name for name in TYPES if not PASCAL.fullmatch(name)] == []
    assert [name for name, _ in values() if not CAMEL.fullmatch(last_word(name))] == []
    enums = [type_ for type_ in TYPES.values() if isinstance(type_, GraphQLEnumType)]
    assert [
        f"{type_.name}.{key}" for type_ in enums for key in type_.values if not UPPER.fullmatch(key)
    ] == []


def test_inputs_are_called_so_and_nothing_else_is() -> None:
    assert [name for name, _ in inputs() if not name.endswith(INPUT_ENDINGS)] == []
    objects = [name for name, type_ in TYPES.items() if isinstance(type_, GraphQLObjectType)]
    called = {name for name in objects if name.endswith(("Input", "Filter"))}
    assert called == {"InvalidInput"}  # a refusal of it


def test_a_mutation_takes_one_input_and_answers_a_payload_with_user_errors() -> None:
    assert CORE.mutation_type is not None
    for name, field in CORE.mutation_type.fields.items():
        taken = {key: str(given.type) for key, given in field.args.items()}
        assert set(taken) <= {"input"}, name
        assert all(each.endswith("Input!") for each in taken.values()), name
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType), name
        assert str(field.type).endswith("Payload!"), name
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", name


def test_what_has_an_id_is_a_node() -> None:
    for name, type_ in TYPES.items():
        if isinstance(type_, GraphQLObjectType) and "id" in type_.fields:
            assert "Node" in {each.name for each in type_.interfaces}, name
            assert str(type_.fields["id"].type) == "ID!", name


def test_connections_are_relay_s() -> None:
    for name, type_ in TYPES.items():
        if name.endswith("Connection"):
            assert isinstance(type_, GraphQLObjectType)
            edge = name.removesuffix("Connection") + "Edge"
            assert str(type_.fields["edges"].type) == f"[{edge}!]!", name
            assert str(type_.fields["pageInfo"].type) == "PageInfo!", name
            edge_type = TYPES[edge]
            assert isinstance(edge_type, GraphQLObjectType)
            assert str(edge_type.fields["cursor"].type) == "String!", edge
            assert get_nullable_type(edge_type.fields["node"].type) != edge_type.fields["node"].type


def test_lists_page_both_ways() -> None:
    one_way = {name for name, field in lists() if not set(field.args) >= PAGING}
    assert one_way == FORWARD_ONLY
    assert [name for name, field in lists() if not set(field.args) >= {"first", "after"}] == []


def test_lists_are_cut_by_a_filter() -> None:
    free = PAGING | {"filter", "sort"}
    loose = {
        f"{name}({key}:)"
        for name, field in lists()
        for key in set(field.args) - free - ALSO_ARGUMENTS.get(name, set())
    }
    assert loose == LOOSE


def test_an_argument_beside_a_filter_is_a_condition_of_it() -> None:
    found = dict(lists())
    for name, arguments in ALSO_ARGUMENTS.items():
        args = found[name].args
        conditions = cast("GraphQLInputObjectType", get_named_type(args["filter"].type)).fields
        for key in arguments:
            assert get_named_type(args[key].type) is get_named_type(conditions[key].type), name
            assert args[key].description == "As in the filter.", (name, key)


def test_what_is_not_filtered_is_named_with_a_reason() -> None:
    assert CORE.query_type is not None
    plain = {
        f"Query.{name}": field
        for name, field in CORE.query_type.fields.items()
        if is_list_type(get_nullable_type(field.type))
    }
    listed = {**dict(lists()), **plain}
    unfiltered = {name for name, field in listed.items() if "filter" not in field.args}
    assert unfiltered == set(UNFILTERED)


def test_connections_say_how_many_there_are() -> None:
    counts = {
        name: type_.fields.get("totalCount")
        for name, type_ in TYPES.items()
        if isinstance(type_, GraphQLObjectType) and name.endswith("Connection")
    }
    assert {name for name, count in counts.items() if count is None} == set(UNCOUNTED)
    assert {str(count.type) for count in counts.values() if count is not None} == {"Int!"}


def test_every_exception_says_why() -> None:
    reasons = [*UNFILTERED.values(), *UNCOUNTED.values()]
    assert [reason for reason in reasons if len(reason.split()) < 3] == []


def test_a_list_has_a_plural_name() -> None:
    singular = [
        name
        for name, type_ in values()
        if type_.strip("!").startswith("[")
        and not last_word(name).endswith("s")
        and last_word(name) not in PLURAL
    ]
    assert singular == []


def test_a_name_says_what_kind_of_value_it_holds() -> None:
    kinds = {
        "At": {"DateTime"}, "On": {"Date"}, "Id": {"ID"}, "Ids": {"ID"}, "Url": {"String"},
        "Metres": {"Int"}, "Minutes": {"Int"}, "Days": {"Int"}, "Percent": {"Decimal"},
    }  # fmt: skip
    wrong = [
        f"{name}: {type_}"
        for name, type_ in values()
        for ending, allowed in kinds.items()
        if re.search(f"[a-z]{ending}$", last_word(name))
        and type_.strip("[]!") not in allowed
        and name != "Variant.carriedAt"  # at a place
    ]
    assert wrong == []


def test_a_question_is_asked_without_is_or_has() -> None:
    asking = {
        name
        for name, type_ in values()
        if type_.strip("!") == "Boolean" and re.match("(is|has|can)[A-Z]", last_word(name))
    }
    assert asking == STARTS_AS_QUESTION


def test_only_degrees_are_floats() -> None:
    assert {last_word(name) for name, type_ in values() if "Float" in type_} == FLOATS


def test_what_is_deprecated_says_what_to_use() -> None:
    given = [(name, field.deprecation_reason) for name, field in [*fields(), *arguments()]]
    assert [name for name, reason in given if reason is not None and "`" not in reason] == []


def test_lists_hold_no_nulls() -> None:
    allowed = {"Query.nodes"}
    holed = {
        name
        for name, field in fields()
        if is_list_type(get_nullable_type(field.type))
        and not str(get_nullable_type(field.type)).endswith("!]")
    }
    assert holed == allowed


def test_scalars_say_where_they_are_specified() -> None:
    ours = ("BigInt", "Date", "DateTime", "Decimal", "Upload")
    assert [name for name in ours if not getattr(TYPES[name], "specified_by_url", None)] == []
