"""GraphQL's root fields enter use cases only through a door that says who may come in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.source import Module, product

ROOTS = {"queries", "mutations", "subscriptions"}
DOORS = {
    "requires", "requires_its_permission", "for_customers", "for_members", "for_members_or", "for_shoppers",
    "for_staff", "for_anyone",
}  # fmt: skip
BEFORE_THE_DOOR = "resolvers.accounts.identity"  # finds out who is asking
Function = ast.FunctionDef | ast.AsyncFunctionDef


def doorless(modules: list[Module]) -> Iterator[str]:
    """Use cases (functions in a room of resolvers that take a `ctx`) that have no door."""
    use_cases = {
        f"{module.name}.{node.name}": node
        for module in modules
        if module.path.parts[0] == "resolvers"
        and len(module.path.parts) > 2
        and module.name != BEFORE_THE_DOOR
        for node in module.tree.body
        if isinstance(node, Function) and _takes_context(node)
    }
    for module in modules:
        if module.path.parts[0] == "schema" and module.path.stem.rpartition("_")[2] in ROOTS:
            for node, name in used_names(module):
                if name in use_cases and not _has_door(use_cases[name]):
                    yield f"{module.at(node)}: {name} has no door"


def used_names(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """What a module uses of what it imports, in full: `resolvers.stock.transfers.transfers.ship`."""
    origins = {}
    for node, name in module.imports():
        for alias in getattr(node, "names", []):
            if name.rpartition(".")[2] == alias.name:
                origins[alias.asname or alias.name] = name
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id in origins:
            yield node, origins[node.id]
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in origins:
            yield node, f"{origins[ast.unparse(node.value)]}.{node.attr}"


# What these permissions are for, and what staff do about themselves, decides who can get in.
SENSITIVE = {
    "requires(Permission.STAFF_WRITE)",
    "requires(Permission.API_CLIENT_WRITE)",
    "requires(Permission.STOREFRONT_WRITE)",
    "requires(Permission.WEBHOOK_WRITE)",
    "for_staff",
}
UNCONFIRMED = {
    "confirmation.confirm": "is the confirmation",
    "own_sessions.end_of_staff": "an alarm must be quick, and who was signed out signs in again",
    "log.redeliver": "sends to an address that was confirmed",
    "ping.ping": "the same",
    "webhooks.replay": "the same",
    "webhooks.delete": "nothing is sent any more, and it can be made again",
}


def unconfirmed(modules: list[Module]) -> Iterator[str]:
    """Sensitive use cases that a mutation calls and that a stolen session may use, by module and name."""
    sensitive = {
        f"{module.name}.{node.name}": f"{module.path.stem}.{node.name}"
        for module in modules
        if module.path.parts[0] == "resolvers"
        for node in module.tree.body
        if isinstance(node, Function)
        and (rows := {ast.unparse(each) for each in node.decorator_list}) & SENSITIVE
        and "confirmed" not in rows
    }
    for module in modules:
        if module.path.parts[0] == "schema" and module.path.stem.endswith("mutations"):
            yield from (sensitive[name] for _, name in used_names(module) if name in sensitive)


def _takes_context(function: Function) -> bool:
    return bool(function.args.args) and function.args.args[0].arg == "ctx"


def _has_door(function: Function) -> bool:
    decorators = (
        decorator.func if isinstance(decorator, ast.Call) else decorator
        for decorator in function.decorator_list
    )
    return any(ast.unparse(decorator).rpartition(".")[2] in DOORS for decorator in decorators)


def test_root_fields_enter_through_doors() -> None:
    assert list(doorless(product())) == []


def test_who_can_get_in_is_changed_by_confirmed_sessions_only() -> None:
    assert set(unconfirmed(product())) == set(UNCONFIRMED)


@pytest.mark.parametrize(("row", "complaints"), [("", ["keys.give"]), ("@confirmed\n", [])])
def test_a_sensitive_use_case_without_confirmation_is_found(
    sample, row: str, complaints: list[str]
) -> None:
    sample(
        "resolvers/accounts/keys.py",
        f"@requires(Permission.API_CLIENT_WRITE)\n{row}async def give(ctx): ...",
    )
    call = "from resolvers.accounts import keys\nasync def f(ctx): await keys.give(ctx)"
    assert list(unconfirmed(sample("schema/accounts/mutations.py", call))) == complaints


OPEN = "async def ship(ctx, transfer_id): ..."
GUARDED = f"@requires(Permission.STOCK_TRANSFER)\n{OPEN}"
CALLS = [
    "from resolvers.stock.transfers import transfers\nasync def f(ctx): await transfers.ship(ctx, 1)",
    "from resolvers.stock.transfers import transfers as t\nasync def f(ctx): return await t.ship(ctx, 1)",
    "from resolvers.stock.transfers.transfers import ship\nasync def f(ctx): return await ship(ctx, 1)",
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("use_case", "complaints"), [(OPEN, 1), (GUARDED, 0)])
def test_a_use_case_without_a_door_is_found(
    sample, call: str, use_case: str, complaints: int
) -> None:
    sample("resolvers/stock/transfers/transfers.py", use_case)
    assert len(list(doorless(sample("schema/stock/mutations.py", call)))) == complaints
