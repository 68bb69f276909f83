"""The product's own source as the tests of the house read it: parsed, never imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("models", "resolvers", "schema", "gateways", "serving")
ENTRANCES = (
    "server.py", "server_process.py", "worker_process.py", "settings.py", "settings_checks.py",
    "settings_exposure.py", "starting.py", "cli.py", "cli_operations.py",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    path: Path  # relative to the root: models/stock/rules.py
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def at(self, node: ast.AST) -> str:
        return f"{self.path.as_posix()}:{getattr(node, 'lineno', 1)}"

    def imports(self) -> Iterator[tuple[ast.stmt, str]]:
        """Every imported name in full, `from a import b` as `a.b`, relative ones made absolute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                yield from ((node, f"{origin}.{alias.name}") for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.package.split(".")[: len(self.package.split(".")) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


def product(root: Path = ROOT) -> list[Module]:
    """All modules of the product under `root`, sorted by path."""
    return list(_own_product()) if root == ROOT else _product(root)


@cache
def _own_product() -> list[Module]:
    return _product(ROOT)


def _product(root: Path) -> list[Module]:
    floors = [module for floor in FLOORS for module in modules_below(floor, root)]
    entrances = [root / name for name in ENTRANCES if (root / name).exists()]
    return floors + parsed(entrances, root)


def modules_below(folder: str, root: Path = ROOT) -> list[Module]:
    """All modules in and below a folder, sorted by path."""
    return parsed(sorted((root / folder).rglob("*.py")), root)


def parsed(paths: list[Path], root: Path = ROOT) -> list[Module]:
    """Return the modules at these paths, in their order."""
    return [_parse(path, root) for path in paths]


def _parse(path: Path, root: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(root), text, ast.parse(text, filename=str(path)))


def is_or_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
