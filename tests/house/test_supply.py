"""Licences are judged as SPDX means them, and the bill of materials holds what the lock files pin."""

from __future__ import annotations

import json
import runpy
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
from cyclonedx.model.bom import Bom

from settings import VERSION
from tests.house.source import ROOT

supply: Any = SimpleNamespace(**runpy.run_path(str(ROOT / ".ci" / "supply.py")))


@pytest.mark.parametrize(
    ("expression", "accepted"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MIT AND (GPL-2.0-or-later OR AGPL-3.0-only)", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("SSPL-1.0", False),
        ("unknown", False),
        ("Free for non-commercial use", False),
        ("", False),
    ],
)
def test_a_licence_is_accepted_when_one_may_choose_accepted_ones(
    expression: str, accepted: bool
) -> None:
    assert supply.is_accepted(expression) is accepted


def test_every_licence_of_what_serves_is_accepted() -> None:
    found = {name: supply.licence_of(package) for name, _, package in supply.installed()}
    assert len(found) > 40
    assert {name: each for name, each in found.items() if not supply.is_accepted(each)} == {}


def test_the_bill_of_materials_is_that_of_the_locks() -> None:
    bill = supply.bill_of_materials()
    assert bill == supply.bill_of_materials()
    pinned = supply.pins(*supply.SERVED)
    assert {(each["name"], each["version"]) for each in bill["components"]} <= pinned.items()
    optional = {each["name"] for each in bill["components"] if each["scope"] == "optional"}
    assert "opentelemetry-sdk" in optional
    assert "starlette" not in optional
    read = Bom.from_json(json.loads(json.dumps(bill)))  # type: ignore[attr-defined]
    assert len(read.components) == len(bill["components"])
    assert len(read.dependencies) == len(bill["components"]) + 1


ANSWERS = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": []},
        {"name": "b", "skip_reason": "not found"},
    ]
}


def test_no_index_is_said_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for output in (
        "",
        "no json",
        json.dumps({"dependencies": [{"name": "a", "skip_reason": "x"}]}),
    ):
        answering(monkeypatch, output)
        assert supply.vulnerabilities() == 0
        assert capsys.readouterr().out.count("\n") == 1


def test_a_known_vulnerability_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, json.dumps(ANSWERS))
    assert supply.vulnerabilities() == 0
    fault = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2"]}
    faulty = [{"name": "a", "version": "1", "vulns": [fault]}]
    answering(monkeypatch, json.dumps({"dependencies": faulty}))
    assert supply.vulnerabilities() == 1
    assert "a 1: PYSEC-2026-1, mended in 2" in capsys.readouterr().out


def answering(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    done = SimpleNamespace(stdout=output)
    monkeypatch.setattr(supply.subprocess, "run", lambda *_, **__: done)


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
