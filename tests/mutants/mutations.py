"""Small faults, one at a time, in the syntax tree of a module."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
# What no fault is put into: names for types, texts, and what runs when a class or function is defined.
LEFT_OUT = (ast.ClassDef, ast.Import, ast.ImportFrom, ast.JoinedStr)
MODULE = "<module>"
SCALE = 100  # a number from here on converts or estimates, and is no boundary
LONG = 90  # characters; of a longer expression only the changed operand is shown

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Div,
    ast.Div: ast.Mult, ast.Mod: ast.FloorDiv,
}  # fmt: skip
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """`lines` are those of the statement that the fault is in, without the statements in it."""

    path: str
    function: str  # its name in its class, or MODULE
    lines: range
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lines.start} {self.function}: {self.before}  ->  {self.after}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.path, self.function, self.before, self.after


@dataclass(frozen=True, slots=True)
class Spot:
    """A node, and where it hangs: `holder[slot]` of a list, or the attribute `slot` of a node."""

    node: ast.AST
    parent: ast.AST
    holder: Any
    slot: Any
    statement: ast.stmt
    function: str

    def put(self, node: ast.AST) -> None:
        if isinstance(self.holder, list):
            self.holder[self.slot] = node
        else:
            setattr(self.holder, self.slot, node)


def mutants(tree: ast.Module, path: str) -> Iterator[Mutant]:
    """Put one fault after the other into `tree`; each is there until the next is asked for."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for spot in list(_spots(tree)):
        if spot.function == MODULE and _is_a_decision_or_a_type(spot):
            continue
        for replacement in _replacements(spot.node):
            ast.copy_location(replacement, spot.node)
            ast.fix_missing_locations(replacement)
            before = _shown(spot)
            spot.put(replacement)
            made = Mutant(path, spot.function, _lines(spot.statement), before, _shown(spot))
            seen[made.key] += 1
            if (times := seen[made.key]) > 1:
                made = Mutant(*made.key[:2], made.lines, f"{before} ({times})", made.after)
            yield made
            spot.put(spot.node)


def _spots(tree: ast.Module) -> Iterator[Spot]:
    for holder, prefix in _bodies(tree):
        for each in holder.body:
            if isinstance(each, Function):
                yield from _inside(each, each, prefix + each.name)
            elif holder is tree and isinstance(each, ast.Assign | ast.AnnAssign):
                yield from _inside(each, each, MODULE)


def _bodies(tree: ast.Module) -> Iterator[tuple[ast.Module | ast.ClassDef, str]]:
    yield tree, ""
    for each in tree.body:
        if isinstance(each, ast.ClassDef):
            yield each, f"{each.name}."


def _inside(parent: ast.AST, statement: ast.stmt, function: str) -> Iterator[Spot]:
    for name, value in ast.iter_fields(parent):
        if name in {"annotation", "returns", "args", "decorator_list"} and (
            isinstance(parent, Function | ast.AnnAssign | ast.arg)
        ):
            continue
        in_list = isinstance(value, list)
        for index, node in enumerate(value if in_list else [value]):
            if not isinstance(node, ast.AST) or _is_left_out(node):
                continue
            around = node if isinstance(node, ast.stmt) else statement
            holder, slot = (value, index) if in_list else (parent, name)
            yield Spot(node, parent, holder, slot, around, function)
            yield from _inside(node, around, function)


def _is_left_out(node: ast.AST) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    is_check_of_zip = isinstance(node, ast.keyword) and node.arg == "strict"
    return isinstance(node, LEFT_OUT) or is_docstring or is_check_of_zip


def _is_a_decision_or_a_type(spot: Spot) -> bool:
    """A number of a module is a decision that tests ask for by its name; a subscript names a type."""
    value = getattr(spot.statement, "value", None)
    return isinstance(spot.node, ast.Constant) or isinstance(value, ast.Subscript)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    if type(node) in OPERATORS:
        yield OPERATORS[type(node)]()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value < SCALE:
        yield from (ast.Constant(node.value + step) for step in (1, -1) if node.value or step > 0)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Raise | ast.Expr):
        yield ast.Pass()
    elif isinstance(node, ast.If | ast.IfExp | ast.comprehension):
        yield from _other_conditions(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set) and not _is_target(node):
        for index in range(len(node.elts) if len(node.elts) > 1 else 0):
            yield _with(node, elts=node.elts[:index] + node.elts[index + 1 :])
    elif isinstance(node, ast.Dict):
        for index in range(len(node.keys)):
            keys, values = node.keys, node.values
            kept = [at for at in range(len(keys)) if at != index]
            yield _with(node, keys=[keys[at] for at in kept], values=[values[at] for at in kept])


def _other_conditions(node: ast.If | ast.IfExp | ast.comprehension) -> Iterator[ast.AST]:
    """The opposite of a plain condition; comparisons have mutants of their own."""
    if isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            yield _with(node, ifs=node.ifs[:index] + node.ifs[index + 1 :])
    elif not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        yield _with(node, func=ast.Name(FUNCTIONS[node.func.id], ast.Load()))
        return  # the order of what they are given does not matter
    first = node.args[:2]
    if any(isinstance(each, ast.Starred) for each in first):
        return
    if len(first) == 2 and ast.unparse(first[0]) != ast.unparse(first[1]):
        yield _with(node, args=[*reversed(first), *node.args[2:]])


def _is_target(node: ast.Tuple | ast.List | ast.Set) -> bool:
    return not isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _with(node: ast.AST, **changes: Any) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **changes})


def _shown(spot: Spot) -> str:
    """The expression around the changed node, or the first line of the statement."""
    parent, holder = spot.parent, spot.holder
    node = holder[spot.slot] if isinstance(holder, list) else getattr(holder, spot.slot)
    text = ast.unparse(parent).partition("\n")[0] if not isinstance(node, ast.stmt) else ""
    if not text or (
        len(text) > LONG and not isinstance(node, ast.operator | ast.cmpop | ast.boolop)
    ):
        text = ast.unparse(node).partition("\n")[0]
    return text


def _lines(statement: ast.stmt) -> range:
    body = getattr(statement, "body", None)
    end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))
