"""What the project is made of beside its own code: licences, known vulnerabilities, a bill of materials.

    python .ci/supply.py licences          exit 1 for a licence that is not accepted
    python .ci/supply.py vulnerabilities   exit 1 for a known one; a line and 0 where no index can be asked
    python .ci/supply.py sbom FILE         write a bill of materials, CycloneDX 1.6 in JSON

Source: SPDX licence expressions; CycloneDX 1.6; the package URL specification.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
import uuid
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, requires
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SERVED = ("requirements.lock", "requirements-telemetry.lock")
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
SECONDS = 120

# What may be linked to, shipped beside and used in a product of any kind, with its notice.
ACCEPTED = frozenset(
    {
        *("MIT", "MIT-0", "ISC", "0BSD", "Zlib", "Unlicense", "BSD-2-Clause", "BSD-3-Clause"),
        *("Apache-2.0", "PSF-2.0", "Python-2.0", "MPL-2.0"),
    }
)
# How packages say it that have no expression.
SAID = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Known vulnerabilities that do not concern Quintet: ID → why.
HARMLESS: dict[str, str] = {}


def pins(*locks: str) -> dict[str, str]:
    """The packages of lock files: name → version."""
    texts = [(ROOT / lock).read_text(encoding="utf-8") for lock in locks]
    return {
        canonicalize_name(name): version for text in texts for name, version in PIN.findall(text)
    }


def licence_of(package: PackageMetadata) -> str:
    """The licence as an SPDX expression where the package says it so that one can tell, else its words."""
    if expression := package.get("License-Expression"):
        return expression
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in package.get_all("Classifier", [])
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    said = classifiers or [(package.get("License") or "unknown").splitlines()[0]]
    return " OR ".join(SAID.get(each, each) for each in said)


def is_accepted(expression: str) -> bool:
    """Whether one may choose only accepted licences; false for what is no expression."""
    names: list[str] = []

    def named(found: re.Match[str]) -> str:
        names.append(found[0])
        return f"l{len(names) - 1}"

    lowered = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), expression)
    text = re.sub(
        r"\b(?!and\b|or\b)[A-Za-z0-9][A-Za-z0-9.+-]*( WITH [A-Za-z0-9.-]+)?", named, lowered
    )
    try:
        return _holds(ast.parse(text, mode="eval").body, names)
    except SyntaxError:
        return False


def _holds(node: ast.expr, names: list[str]) -> bool:
    if isinstance(node, ast.BoolOp):
        every = all if isinstance(node.op, ast.And) else any
        return every(_holds(each, names) for each in node.values)
    return isinstance(node, ast.Name) and names[int(node.id[1:])] in ACCEPTED


def installed() -> Iterator[tuple[str, str, PackageMetadata]]:
    """Name, version and metadata of what serves; packages for other systems are not installed here."""
    for name, version in sorted(pins(*SERVED).items()):
        try:
            yield name, version, metadata(name)
        except PackageNotFoundError:
            continue


def licences() -> int:
    found = {name: licence_of(package) for name, _, package in installed()}
    for name, licence in found.items():
        if not is_accepted(licence):
            print(f"{name}: the licence {licence!r} is not accepted")
    counted = Counter(found.values()).most_common()
    print(f"{len(found)} packages:", ", ".join(f"{count} {name}" for name, count in counted))
    bad = sum(not is_accepted(licence) for licence in found.values())
    return 1 if bad else 0


def vulnerabilities() -> int:
    known = pins("requirements-dev.lock")
    # One package shows whether there is an index to ask: most offline machines are told here.
    if not _audited(dict(list(known.items())[:1])):
        print("No index of vulnerabilities can be reached: nothing was audited.")
        return 0
    audited = _audited(known)
    found = [
        f"{each['name']} {each['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions'])}"
        for each in audited
        for fault in each["vulns"]
        if not HARMLESS.keys() & {fault["id"], *fault["aliases"]}
    ]
    print("\n".join([*found, f"{len(audited)} packages audited, {len(found)} vulnerabilities"]))
    return 1 if found else 0


def _audited(packages: dict[str, str]) -> list[dict[str, Any]]:
    """What an index says of packages that it knows; nothing where none answers."""
    with TemporaryDirectory() as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text("".join(f"{name}=={version}\n" for name, version in packages.items()))
        command = ("-m", "pip_audit", "-r", str(asked), "--no-deps", "--disable-pip", "-f", "json")
        try:
            done = subprocess.run(
                [sys.executable, *command, "--progress-spinner", "off", "--timeout", "5"],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            answered: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            return []
    return [each for each in answered if "skip_reason" not in each]


def bill_of_materials() -> dict[str, Any]:
    """CycloneDX: the same for the same lock files, so that two can be compared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = f"pkg:generic/{project['name']}@{project['version']}"
    packages = list(installed())
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _application(project, own)},
        "components": [_library(*package) for package in packages],
        "dependencies": _dependencies(project, own, {name: at for name, at, _ in packages}),
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {**body, "serialNumber": f"urn:uuid:{serial}"}


def _application(project: dict[str, Any], own: str) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": own,
        "name": project["name"],
        "version": project["version"],
        "licenses": [{"expression": project["license"]}],
    }


def _library(name: str, version: str, package: PackageMetadata) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _url(name, version),
        "name": name,
        "version": version,
        "purl": _url(name, version),
        "scope": "required" if name in pins(SERVED[0]) else "optional",
        "licenses": [{"expression": licence_of(package)}],
    }


def _dependencies(
    project: dict[str, Any], own: str, versions: dict[str, str]
) -> list[dict[str, Any]]:
    """Which package needs which; `versions` are those of the packages that are installed."""
    needs = {own: [Requirement(each).name for each in project["dependencies"]]}
    needs |= {_url(name, version): _needs(name) for name, version in versions.items()}
    found = {
        ref: set(map(canonicalize_name, names)) & versions.keys() for ref, names in needs.items()
    }
    return [
        {"ref": ref, "dependsOn": sorted(_url(name, versions[name]) for name in names)}
        for ref, names in found.items()
    ]


def _needs(name: str) -> list[str]:
    wanted = [Requirement(each) for each in requires(name) or []]
    return [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]


def _url(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def main(arguments: list[str]) -> int:
    if arguments[0] == "sbom":
        bill = bill_of_materials()
        Path(arguments[1]).write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
        print(f"{arguments[1]}: {len(bill['components'])} packages")
        return 0
    return {"licences": licences, "vulnerabilities": vulnerabilities}[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
