"""The lock files pin every package by version and hash, and name no place to get it from."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

LOCKS = ("requirements.lock", "requirements-telemetry.lock", "requirements-dev.lock")
PIN = re.compile(r"(?P<name>[a-z0-9._-]+)==(?P<version>\S+)( ; [^\\]+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PLACE = re.compile(r"://|@ |^-|index|find-links|\.\./|^/", re.MULTILINE)


def entries(lock: str) -> list[list[str]]:
    """One list per package: its pin, then its hashes."""
    return [
        [part.strip() for part in entry.split("\\\n")]
        for entry in re.split(r"\n(?=\S)", lock.strip())
    ]


def faults(lock: str) -> Iterator[str]:
    if found := PLACE.search(lock):
        yield f"names a place: {found[0]!r}"
    for pin, *hashes in entries(lock):
        if not PIN.fullmatch(pin):
            yield f"not one exact version: {pin}"
        if not hashes or not all(map(HASH.fullmatch, hashes)):
            yield f"without a sound hash: {pin}"


def versions(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for pin, *_ in entries(lock):
        name, _, version = pin.partition(" ;")[0].partition("==")
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def wanted(*lists: str) -> list[Requirement]:
    """The requirements of pyproject.toml: `dependencies`, extras and dependency groups by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {
        "dependencies": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return [Requirement(line) for name in lists for line in groups[name]]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_place(name: str) -> None:
    assert list(faults(read(name))) == []


@pytest.mark.parametrize(
    ("name", "lists"),
    [
        (LOCKS[0], ("dependencies",)),
        (LOCKS[1], ("dependencies", "telemetry")),
        (LOCKS[2], ("dependencies", "telemetry", "dev")),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(name: str, lists: tuple[str, ...]) -> None:
    locked = versions(read(name))
    for requirement in wanted(*lists):
        pinned = locked[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in pinned), requirement


def test_tests_run_on_the_versions_that_serve() -> None:
    *served, everything = (versions(read(name)) for name in LOCKS)
    for runtime in served:
        assert {name: everything.get(name) for name in runtime} == runtime


def audit_faults(lock: str) -> Iterator[str]:
    """The same of a package-lock.json; its root package is the folder itself."""
    for name, package in json.loads(lock)["packages"].items():
        if "://" in package.get("resolved", ""):
            yield f"names a place: {name}"
        if name and not package.get("integrity", "").startswith("sha512-"):
            yield f"without a sound hash: {name}"


def test_the_audit_is_locked_too() -> None:
    assert list(audit_faults(read(".ci/audit/package-lock.json"))) == []


@pytest.mark.parametrize(
    ("package", "complaints"),
    [
        ('"version": "1.0.0", "integrity": "sha512-00"', 0),
        ('"version": "1.0.0"', 1),
        ('"resolved": "https://example.org/a.tgz", "integrity": "sha512-00"', 1),
    ],
)
def test_an_unsound_audit_lock_is_found(package: str, complaints: int) -> None:
    lock = f'{{"packages": {{"": {{}}, "node_modules/a": {{{package}}}}}}}'
    assert len(list(audit_faults(lock))) == complaints


SOUND = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "lock",
    [
        "orjson==3.13.0\n",
        f"orjson>=3.13.0 \\\n    {SOUND}\n",
        "orjson==3.13.0 \\\n    --hash=md5:00\n",
        f"orjson==3.13.0 \\\n    {SOUND[:-1]}\n",
        f"--index-url example.org/simple\norjson==3.13.0 \\\n    {SOUND}\n",
        f"orjson @ https://example.org/orjson.whl \\\n    {SOUND}\n",
        f"orjson==3.13.0 \\\n    {SOUND}\n    # from https://example.org/simple\n",
    ],
)
def test_an_unsound_lock_is_found(lock: str) -> None:
    assert list(faults(lock)) != []


def test_a_sound_lock_is_left_alone() -> None:
    lock = (
        f"orjson==3.13.0 ; sys_platform != 'win32' \\\n    {SOUND} \\\n    {SOUND}\n"
        f"rich==15.0 \\\n    {SOUND}\n"
    )
    assert list(faults(lock)) == []
    assert versions(lock) == {"orjson": {"3.13.0"}, "rich": {"15.0"}}
