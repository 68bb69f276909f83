"""Mutants against their tests, within one pytest session: each in a fork that takes on the mutant's code.

The tests run once first; from then on a mutant meets only those that ran its line, the quickest first.
"""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

from tests.mutants.mutations import MODULE, Mutant, mutants

LINES = dict[str, set[int]]
ANNOTATIONS = annotations.compiler_flag
SURVIVED, KILLED, IMPOSSIBLE = 0, 1, 2
LEAST_SECONDS = 10


class Impossible(Exception):
    """Without its fault's statement a function closes over other variables than it was made with."""


class Product:
    """The code of the targets as it is loaded in this process."""

    def __init__(self, root: str, paths: Sequence[str]) -> None:
        self._root = root
        self._modules = {path: _imported(path) for path in paths}
        files = {f"{root}/{path}": path for path in paths}
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        self._caches = []
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename in files:
                code = each.__code__
                path = files[code.co_filename]
                self._functions[path, code.co_qualname, code.co_firstlineno].append(each)
            elif isinstance(each, functools._lru_cache_wrapper):
                self._caches.append(each)

    def read(self, path: str) -> ast.Module:
        with open(f"{self._root}/{path}", encoding="utf-8") as file:
            return ast.parse(file.read())

    def compiled(self, tree: ast.Module, path: str) -> CodeType:
        return compile(tree, f"{self._root}/{path}", "exec", dont_inherit=True)

    def forget(self) -> None:
        for each in self._caches:
            each.cache_clear()

    def take_on(self, mutant: Mutant, tree: ast.Module, original: CodeType, new: CodeType) -> None:
        """Give every loaded function of the module the code of `new`, where that is another."""
        self.forget()
        if mutant.function == MODULE:
            self._assign(mutant, tree)
            return
        old = dict(_codes(original))
        for key, code in _codes(new):
            if code != old.get(key):
                for function in self._functions[mutant.path, key[0], key[1]]:
                    if code.co_name == "<lambda>" and function.__code__ != old.get(key):
                        continue  # another of the same line
                    if function.__code__.co_freevars != code.co_freevars:
                        raise Impossible
                    function.__code__ = code

    def _assign(self, mutant: Mutant, tree: ast.Module) -> None:
        """Run the changed assignment of a module again, those that use its names, and hand the values on."""
        names = vars(self._modules[mutant.path])
        changed: set[str] = set()
        for each in tree.body:
            if not isinstance(each, ast.Assign | ast.AnnAssign) or each.value is None:
                continue
            used = {node.id for node in ast.walk(each.value) if isinstance(node, ast.Name)}
            if each.lineno != mutant.lines.start and not used & changed:
                continue
            before = dict(names)
            exec(compile(ast.Module([each], []), mutant.path, "exec", ANNOTATIONS), names)
            for name in [name for name in before if before[name] is not names.get(name)]:
                changed.add(name)
                _hand_on(name, before[name], names[name])


def _hand_on(name: str, before: Any, after: Any) -> None:
    for module in list(sys.modules.values()):
        if vars(module).get(name) is before:
            setattr(module, name, after)


def _imported(path: str) -> ModuleType:
    return importlib.import_module(path.removesuffix(".py").replace("/", "."))


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int, int], CodeType]]:
    """Every code object in `code` by its name, line and number among those of its name and line."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    waiting = [code]
    while waiting:
        for each in (each for each in waiting.pop().co_consts if isinstance(each, CodeType)):
            at = each.co_qualname, each.co_firstlineno
            yield (*at, counts[at]), each
            counts[at] += 1
            waiting.append(each)


class MutantRun:
    """A pytest plugin whose test loop runs the targets' tests once, then every mutant."""

    names = ("made", "killed", "slow", "impossible", "known", "survived")

    def __init__(self, root: str, targets: dict[str, tuple[str, ...]], known: set[Any]) -> None:
        self._root, self._targets, self._known = root, targets, known
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, LINES] = {}
        self.counts: dict[str, dict[str, int]] = {}
        self.survivors: list[tuple[Mutant, bool]] = []
        self.met: set[Any] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """No shrinking and no memory: one failing example is enough, and none is to be kept."""
        hypothesis_settings.register_profile(
            "mutants", hypothesis_settings(), database=None, derandomize=True,
            phases=[Phase.explicit, Phase.generate], max_examples=50,
        )  # fmt: skip
        hypothesis_settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._product = Product(self._root, list(self._targets))
        files = {f"{self._root}/{path}" for path in self._targets}
        with _silenced():
            for item in session.items:
                self._watch(session, item, files)
        gc.freeze()
        for path, tests in self._targets.items():
            items = [
                item for item in session.items if str(item.path)[len(self._root) + 1 :] in tests
            ]
            items.sort(key=lambda item: self._seconds[item.nodeid])
            self._run_target(session, path, items)
        return True

    def _watch(self, session: pytest.Session, item: pytest.Item, files: set[str]) -> None:
        """Run a test without a mutant, and note its time and the lines that it runs."""
        lines: LINES = defaultdict(set)
        self._product.forget()
        began = time.monotonic()
        with _traced(files, lines):
            failures = self._failures(session, item)
        if failures:
            raise pytest.UsageError(f"{item.nodeid} fails without a mutant: {failures[0]}")
        self._seconds[item.nodeid] = time.monotonic() - began
        self._lines[item.nodeid] = lines

    def _run_target(self, session: pytest.Session, path: str, items: list[pytest.Item]) -> None:
        counts = self.counts[path] = dict.fromkeys(self.names, 0)
        tree = self._product.read(path)
        original = self._product.compiled(tree, path)
        assert self._fate(session, items, None) == SURVIVED, f"{path}: the tests fail in a fork"
        began = time.monotonic()
        for mutant in mutants(tree, path):
            try:
                new = self._product.compiled(tree, path)
            except (SyntaxError, ValueError):
                continue
            if new == original:
                continue
            counts["made"] += 1
            if mutant.key in self._known:
                self.met.add(mutant.key)
                counts["known"] += 1
                continue
            chosen = [item for item in items if self._reaches(item, mutant)]
            fate = self._fate(session, chosen, (mutant, tree, original, new))
            name = {SURVIVED: "survived", KILLED: "killed", IMPOSSIBLE: "impossible"}
            counts[name.get(fate, "slow")] += 1
            if fate == SURVIVED:
                self.survivors.append((mutant, bool(chosen)))
                note = "" if chosen else "  (no test reaches it)"
                print(f"{mutant}{note}", flush=True)
        print(f"{path}: {counts} {time.monotonic() - began:.0f} s", flush=True)

    def _reaches(self, item: pytest.Item, mutant: Mutant) -> bool:
        lines = self._lines[item.nodeid].get(f"{self._root}/{mutant.path}", set())
        return mutant.function == MODULE or not lines.isdisjoint(mutant.lines)

    def _fate(self, session: pytest.Session, items: list[pytest.Item], change: Any) -> int:
        """What becomes of a mutant: SURVIVED, KILLED, or else it took too long."""
        pid = os.fork()
        if pid:
            _, status = os.waitpid(pid, 0)
            return os.waitstatus_to_exitcode(status)
        try:
            with _silenced():
                expected = sum(self._seconds[item.nodeid] for item in items)
                signal.alarm(int(LEAST_SECONDS + 5 * expected))
                if change is not None:
                    self._product.take_on(*change)
                failed = any(self._failures(session, item) for item in items)
                os._exit(KILLED if failed else SURVIVED)
        except Impossible:
            os._exit(IMPOSSIBLE)
        finally:
            os._exit(KILLED)

    def _failures(self, session: pytest.Session, item: pytest.Item) -> list[str]:
        """Run a test; what belongs to the session alone stays set up."""
        reports = runtestprotocol(item, log=False, nextitem=session)  # type: ignore[arg-type]
        return [str(each.longrepr) for each in reports if each.failed]


@contextmanager
def _silenced() -> Iterator[None]:
    """What tests and the product write goes nowhere."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        for number, each in enumerate(kept, 1):
            os.dup2(each, number)
            os.close(each)
        os.close(null)


@contextmanager
def _traced(files: set[str], lines: LINES) -> Iterator[None]:
    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        return note if frame.f_code.co_filename in files else None

    def note(frame: FrameType, event: str, argument: Any) -> Any:
        lines[frame.f_code.co_filename].add(frame.f_lineno)
        return note

    threading.settrace(trace)
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
