"""Each table belongs to a room. Its SQL is written there; rooms below read what they must, and say why."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from tests.house.source import Module, product

# From the lowest to the highest.
ROOMS = (
    "accounts", "catalog", "stores", "stock", "members", "referrals", "orders", "integrations",
)  # fmt: skip
WRITTEN = re.compile(r'\b(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?')
READ = re.compile(r'\b(?:FROM|JOIN)\s+"?(\w+)"?')
WRITES_ELSEWHERE = {
    ("resolvers/stock/allocation/backorder_allocation.py", "fulfilment"): (
        "goods that arrive complete a waiting fulfilment in the statement that allocates them"
    ),
}
READS_ABOVE = {
    "resolvers/accounts/identity.py": "a session of a member knows the member's merchant",
    "resolvers/accounts/organisations/moves.py": "the feed tells of each location that moves",
    "resolvers/accounts/organisations/organisations.py": "a node with a location keeps its kind",
    "resolvers/catalog/assortments/assortments.py": "a store carries an assortment",
    "resolvers/catalog/prices/lists.py": "a price list is for a store or a tier",
    "resolvers/catalog/prices/prices.py": "what the caller pays depends on their store and tier",
    "resolvers/catalog/products/serial_tracking.py": "tracking begins and ends while there is no stock",
    "resolvers/catalog/search/filters.py": "lists are cut to what is in stock at a place",
    "resolvers/referrals/sales.py": "commissions are of orders",
    "resolvers/stock/allocation/backorder_allocation.py": "goods go to the oldest waiting fulfilment",
    "resolvers/stock/audit/backorders.py": "promises are compared with what orders wait for",
    "resolvers/stores/kind_changes.py": "a place keeps its kind once anything has happened there",
    "resolvers/stores/filters.py": "stores are cut to those that have a variant",
}


def owners(modules: list[Module]) -> dict[str, str]:
    """The room of each table, by the `Meta.table` of its class in `models/<room>/`."""
    found: dict[str, str] = {}
    for module in modules:
        if module.path.parts[0] != "models" or module.path.parts[1] not in ROOMS:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and node.name == "Meta":
                found |= dict.fromkeys(_tables(node), module.path.parts[1])
    return found


def _tables(meta: ast.ClassDef) -> Iterator[str]:
    for each in meta.body:
        if (
            isinstance(each, ast.Assign)
            and isinstance(each.targets[0], ast.Name)
            and each.targets[0].id == "table"
            and isinstance(each.value, ast.Constant)
        ):
            yield str(each.value.value)


def foreign(
    modules: list[Module], owner: Mapping[str, str], pattern: re.Pattern[str]
) -> Iterator[tuple[Module, str]]:
    """The tables of other rooms that the SQL of a room's use cases names after these words."""
    for module in modules:
        if module.path.parts[0] != "resolvers" or module.path.parts[1] not in ROOMS:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for table in pattern.findall(node.value):
                    if owner.get(table, module.path.parts[1]) != module.path.parts[1]:
                        yield module, table


def writes_elsewhere(modules: list[Module]) -> set[tuple[str, str]]:
    return {
        (module.path.as_posix(), table)
        for module, table in foreign(modules, owners(modules), WRITTEN)
    }


def reads_above(modules: list[Module]) -> set[str]:
    owner = owners(modules)
    return {
        module.path.as_posix()
        for module, table in foreign(modules, owner, READ)
        if ROOMS.index(owner[table]) > ROOMS.index(module.path.parts[1])
    }


def test_no_room_writes_the_tables_of_another() -> None:
    assert len(owners(product())) > 60
    assert writes_elsewhere(product()) == set(WRITES_ELSEWHERE)


def test_rooms_read_tables_of_rooms_above_only_where_they_say_why() -> None:
    assert reads_above(product()) == set(READS_ABOVE)


def test_both_are_found(sample: Callable[[str, str], list[Module]]) -> None:
    sample("models/orders/carts.py", 'class Cart:\n    class Meta:\n        table = "cart"\n')
    sample("resolvers/stock/a.py", 'SQL = "UPDATE cart SET x = 1"\n')
    modules = sample("resolvers/stores/b.py", 'SQL = f"SELECT 1 FROM cart WHERE {x}"\n')
    assert writes_elsewhere(modules) == {("resolvers/stock/a.py", "cart")}
    assert reads_above(modules) == {"resolvers/stores/b.py"}
    modules = sample("resolvers/orders/c.py", 'SQL = "DELETE FROM cart"\n')
    assert ("resolvers/orders/c.py", "cart") not in writes_elsewhere(modules)
