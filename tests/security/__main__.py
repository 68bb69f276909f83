"""`python -m tests.security --python PATH`: schemathesis, GraphQLer and published checks, within a time.

`PATH` is the Python of a virtual environment with `requirements-security.lock`. Each tool is run as a
stranger, a member, headquarters and an ERP against a demo server whose limits refuse nobody. What is told
to be a failure is any answer of 500 or more, and any error that the server logs as unforeseen, whatever the
tools make of it.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.attacks.target import Target, Victim, started
from benchmarks.databases import ENGINES, empty
from models.accounts.roles import Permission
from resolvers.demo.goods import PASSWORD
from settings import OFF_IN_PRODUCTION, PREFIX, Settings
from tests.make.patience import ENDLESS, OFTEN
from tests.security.published_checks import CHECKS, IN_PRODUCTION, Check, failed

PHONE = "13800138000"
UNFORESEEN = re.compile(rb"unforeseen|Traceback|status=5\d\d|\"status\": ?5\d\d")
# What ends the session that the tool is given, or takes others' away.
NOT_ASKED = ["signOut", "tokenRefresh"]
LIMITS = {
    PREFIX + each.name.upper(): str(ENDLESS)
    for each in dataclasses.fields(Settings)
    if each.name.startswith(OFTEN)
}

SWITCHED_OFF = {PREFIX + name.upper(): "false" for name in OFF_IN_PRODUCTION}
CALLERS = ("anonymous", "member", "headquarters", "ERP")


@dataclass(frozen=True)
class Row:
    tool: str
    caller: str
    operations: int
    found: str

    def __str__(self) -> str:
        return f"| {self.tool} | {self.caller} | {self.operations} | {self.found} |"


async def main(given: argparse.Namespace) -> int:
    rows: list[Row] = []
    async with empty(given.database) as database:
        victim = Victim("demo", database, ("--demo",), b"", "demo-wechat", "DEMO")
        async with started(victim, **LIMITS, **SWITCHED_OFF) as target:
            rows.append(_published(target, "production", [*CHECKS, *IN_PRODUCTION]))
        async with started(victim, **LIMITS) as target:
            rows.append(_published(target, "development", CHECKS))
            callers = await _callers(target)
            for caller in given.callers:
                headers = callers[caller]
                for tool in (_schemathesis, _graphqler):
                    rows.append(await tool(given, target, caller, headers))
                    print(rows[-1], flush=True)
    print("\n| tool | caller | requests | found |\n|---|---|--:|---|", *rows, sep="\n")
    return 0 if all(row.found == "nothing" for row in rows) else 1


def _published(target: Target, where: str, checks: list[Check]) -> Row:
    found = failed(f"http://127.0.0.1:{target.port}", checks)
    return Row("published checks", where, len(checks), ", ".join(found) or "nothing")


async def _callers(target: Target) -> dict[str, dict[str, str]]:
    """By name, with the headers that each sends."""
    url = f"http://127.0.0.1:{target.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:

        async def do(name: str, given: dict[str, Any], select: str, **headers: str) -> Any:
            kind = name[0].upper() + name[1:] + "Input"
            fields = f"{select} userErrors {{ message }}"
            query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {fields} }} }}"
            body = {"query": query, "variables": {"input": given}}
            answer = (await client.post("/graphql", json=body, headers=headers)).json()
            payload = answer["data"][name]
            assert not payload["userErrors"], payload
            return payload

        hq = await do("staffSignIn", {"username": "demo-hq", "password": PASSWORD}, "accessToken")
        admin = {"Authorization": f"Bearer {hq['accessToken']}"}
        scopes = [str(each) for each in Permission]
        given = {"name": "ERP", "scopes": scopes, "organisationCode": "DEMO"}
        erp = await do("apiClientCreate", given, "secret", **admin)
        key = {"X-Storefront-Key": "demo-wechat"}
        await do("otpRequest", {"phone": PHONE}, "", **key)
        code = json.loads((target.folder / "sms.jsonl").read_text().splitlines()[-1])["code"]
        member = await do("otpSignIn", {"phone": PHONE, "code": code}, "accessToken", **key)
    return {
        "anonymous": {},
        "member": {"Authorization": f"Bearer {member['accessToken']}"},
        "headquarters": admin,
        "ERP": {"Authorization": f"Bearer {erp['secret']}"},
    }


async def _schemathesis(
    given: argparse.Namespace, target: Target, caller: str, headers: dict[str, str]
) -> Row:
    options = [
        "run",
        f"http://127.0.0.1:{target.port}/graphql",
        "--max-examples",
        str(given.examples),
    ]
    options += ["--checks", "not_a_server_error", "--phases", "fuzzing", "--continue-on-failure"]
    options += ["--seed", "1", "--request-timeout", "20", "--suppress-health-check", "all"]
    for name, value in headers.items():
        options += ["-H", f"{name}:{value}"]
    for name in NOT_ASKED:
        options += ["--exclude-name", f"Mutation.{name}"]
    return await _run("schemathesis", given, target, caller, ["-m", "schemathesis.cli", *options])


async def _graphqler(
    given: argparse.Namespace, target: Target, caller: str, headers: dict[str, str]
) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(
            f"MAX_TIME = {given.seconds}\nMAX_FUZZING_ITERATIONS = 1\nREQUEST_TIMEOUT = 20\n"
        )
        options = ["--url", f"http://127.0.0.1:{target.port}/graphql", "--path", f"{folder}/out"]
        options += ["--mode", "run", "--config", str(config)]
        if headers:
            options += ["--auth", headers["Authorization"]]
        return await _run("GraphQLer", given, target, caller, ["-m", "graphqler", *options])


async def _run(
    tool: str, given: argparse.Namespace, target: Target, caller: str, command: Sequence[str]
) -> Row:
    """Within the time that is given; what it wrote is kept beside the others for a look."""
    start, before = target.log.stat().st_size, await _operations(target)
    output = Path(given.output) / f"{tool}-{caller}.txt"
    python = Path(given.python).absolute()  # and not resolved, which would leave its environment
    output.parent.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        file = stack.enter_context(output.open("wb"))
        running = await asyncio.create_subprocess_exec(
            python, "-P", *command, stdout=file, stderr=file, cwd="/"
        )
        try:
            await asyncio.wait_for(running.wait(), given.seconds)
        except TimeoutError:
            running.kill()
            await running.wait()
    asked = await _operations(target) - before
    with target.log.open("rb") as log:
        log.seek(start)
        faults = [line.decode(errors="replace")[:200] for line in log if UNFORESEEN.search(line)]
    if not target.alive:
        faults.append("the server ended")
    for fault in faults[:10]:
        print(fault, file=sys.stderr)
    found = f"{len(faults)} unforeseen" if faults else "nothing" if asked else "nothing was asked"
    return Row(tool, caller, asked, found)


async def _operations(target: Target) -> int:
    """How many requests the server has answered."""
    async with httpx.AsyncClient(timeout=20) as client:
        text = (await client.get(f"http://127.0.0.1:{target.port}/metrics")).text
    counted = re.findall(r"^quintet_graphql_operations_total\{[^}]*\} (\S+)$", text, re.MULTILINE)
    return int(sum(map(float, counted)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("--python", required=True, help="with the tools installed")
    parser.add_argument("--database", choices=ENGINES, default="sqlite")
    parser.add_argument("--callers", nargs="+", choices=CALLERS, default=CALLERS)
    parser.add_argument("--examples", type=int, default=5, help="of each operation by schemathesis")
    parser.add_argument("--seconds", type=int, default=120, help="for each tool and caller")
    parser.add_argument("--output", default=str(Path(tempfile.gettempdir(), "quintet-security")))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_arguments())))
