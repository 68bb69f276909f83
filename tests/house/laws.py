"""The laws of the house as checks: each takes the product's modules and answers its complaints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import FLOORS, Module, is_or_below

DATABASE = {
    Path(f"models/{name}.py")
    for name in ("database", "engine/transactions", "engine/sqlite/group_commit")
}
TRANSACTIONS = {"in_transaction", "_in_transaction", "atomic", "TransactionWrapper"}
TRANSACTION_SQL = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|START TRANSACTION)\b")
PURE = {
    "chinese", "codes", "coordinates", "costing", "distance", "gtin", "hours", "lifecycles", "money",
    "numbers", "phone_numbers", "pickup", "pricing", "purchase_rules", "routing", "rules", "search", "states",
    "stocktake_rules", "tickets", "transfer_rules",
}  # fmt: skip
CHANCE = {"random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom"}
OUTSIDE = {
    "tortoise",
    "aiosqlite",
    "asyncpg",
    "strawberry",
    "graphql",
    "starlette",
    "httpx",
    "redis",
}
CLOCK = {
    "date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.monotonic",
    "time.perf_counter", "time.time", "time.time_ns",
}  # fmt: skip
EVERY_ERROR = {
    f"{prefix}suppress({name})"
    for prefix in ("", "contextlib.")
    for name in ("Exception", "BaseException")
}
SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete"}
MARKS = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


def own_transactions(modules: list[Module]) -> Iterator[str]:
    """Transactions that are not begun by models.database.transaction()."""
    for module in modules:
        if module.path in DATABASE:
            continue
        for node in ast.walk(module.tree):
            if _names(node) & TRANSACTIONS:
                yield f"{module.at(node)}: the ORM's own transaction"
            if isinstance(node, ast.Call) and any(map(_begins_or_ends, node.args)):
                yield f"{module.at(node)}: a transaction in SQL"


def _begins_or_ends(argument: ast.expr) -> bool:
    text = argument.value if isinstance(argument, ast.Constant) else None
    return isinstance(text, str) and TRANSACTION_SQL.match(text) is not None


def impure_rules(modules: list[Module]) -> Iterator[str]:
    """Pure modules that reach a database, GraphQL, the network, the clock or chance."""
    known = {module.name: module for module in modules}
    for module in modules:
        if module.path.parts[0] == "models" and module.path.stem in PURE:
            yield from _forbidden_imports(module, known, {module.name})
            yield from _impure_calls(module)


def _forbidden_imports(module: Module, known: dict[str, Module], seen: set[str]) -> Iterator[str]:
    for node, name in module.imports():
        if any(is_or_below(name, outside) for outside in CHANCE | OUTSIDE | set(FLOORS[1:])):
            yield f"{module.at(node)}: imports {name}"
        origin = name if name in known else name.rpartition(".")[0]
        if origin in known and origin not in seen:
            seen.add(origin)
            yield from _forbidden_imports(known[origin], known, seen)


def _impure_calls(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            called = ".".join(ast.unparse(node.func).split(".")[-2:])
            if called in CLOCK | CHANCE or (
                called in {"time", "monotonic"} and "time" in _origins(module)
            ):
                yield f"{module.at(node)}: asks the clock or chance"


def _origins(module: Module) -> set[str]:
    return {name.partition(".")[0] for _, name in module.imports()}


def graphql_below_the_schema(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        if module.path.parts[0] != "schema":
            for node, name in module.imports():
                if is_or_below(name, "strawberry"):
                    yield f"{module.at(node)}: imports {name}"


def upward_imports(modules: list[Module]) -> Iterator[str]:
    """Floors that import an entrance: the entrances import the floors."""
    for module in modules:
        if module.path.parts[0] in FLOORS:
            for node, name in module.imports():
                if is_or_below(name, "server") or is_or_below(name, "cli"):
                    yield f"{module.at(node)}: imports {name}"


def swallowed_errors(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and all(
                _does_nothing(line) for line in node.body
            ):
                yield f"{module.at(node)}: swallows an error"
            if isinstance(node, ast.Call) and ast.unparse(node) in EVERY_ERROR:
                yield f"{module.at(node)}: swallows every error"


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def leftover_marks(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for number, line in enumerate(module.text.splitlines(), 1):
            if found := MARKS.search(line):
                yield f"{module.path.as_posix()}:{number}: {found[0]}"


def whole_saves(modules: list[Module]) -> Iterator[str]:
    """Saving a row as a whole undoes what others wrote into its other columns since it was read."""
    for module in modules:
        if module.path.parts[0] != "resolvers":
            continue
        for node in ast.walk(module.tree):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if called and node.func.attr == "save" and not (node.args or node.keywords):  # type: ignore[union-attr, attr-defined]
                yield f"{module.path}:{node.lineno}: save(update_fields=…) or save(force_create=True)"  # type: ignore[attr-defined]


def orm_signals(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node, name in module.imports():
            if is_or_below(name, "tortoise.signals") or name.rpartition(".")[2] in SIGNALS:
                yield f"{module.at(node)}: imports {name}"


def environment_reads(modules: list[Module]) -> Iterator[str]:
    """Reads of the environment outside settings.py, where no table would name them."""
    for module in modules:
        if module.path.name == "settings.py":
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
                yield f"{module.at(node)}: {ast.unparse(node)}"


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.ImportFrom):
        return {alias.name for alias in node.names}
    return set()
