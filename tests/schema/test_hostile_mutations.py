"""Every mutation of the schema, with one hostile value at a time in what otherwise makes sense.

`QUINTET_TEST_FUZZ_ROUNDS` says how many values each argument is given by each caller; the values are the
same in each run.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from settings import Settings
from tests.make.api import Api
from tests.make.digests import Witness
from tests.make.hostile import values_for
from tests.make.patience import patient
from tests.make.probes import Leaf, Root, arguments, document, leaves, put, roots
from tests.make.territories import Chain, a_chain

ROUNDS = int(os.environ.get("QUINTET_TEST_FUZZ_ROUNDS", "0"))
CALLERS = ("anonymous", "guest", "member", "manager", "admin", "erp")
LARGE = "Ω" * 1_900_000  # nearly as much as a request may hold
ENDS_SESSIONS = {"signOut", "tokenRefresh"}
# Rows that stand on their own feet: what is refused of some says nothing of the others.
INDEPENDENT = {"SKIP_FAILED"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(patient(settings), otp_resend_seconds=0)


@pytest.fixture
async def chain(api: Api) -> Chain:
    return await a_chain(await api.staff(), "HOME", 0)


def attempts(chain: Chain) -> Iterator[tuple[str, Api, Leaf, Any]]:
    """Who asks what; without rounds each argument gets one value, of one caller."""
    chance = random.Random(7)
    found = [
        leaf
        for root in roots("mutation")
        if root.name not in ENDS_SESSIONS
        for leaf in leaves(root)
    ]
    for number, leaf in enumerate(found):
        plausible = None
        for turn in range(max(1, ROUNDS)):
            callers = CALLERS if ROUNDS else (CALLERS[(number + 4) % len(CALLERS)],)
            for name in callers:
                value = chance.choice(values_for(leaf.type, plausible))
                yield name, chain.callers[name], leaf, value
            if ROUNDS and turn == 0 and leaf.type == "String":
                yield "admin", chain.callers["admin"], leaf, LARGE


async def test_no_hostile_value_breaks_a_mutation_or_half_does_it(
    api: Api, chain: Chain, database_url: str
) -> None:
    witness, faults, outcomes = Witness(database_url), [], {"refused": 0, "done": 0}
    await witness.look()
    for name, caller, leaf, value in attempts(chain):
        given = arguments(leaf.root, chain.stores[0], True, leaf)
        put(given, leaf.path, value)
        status, answer = await sent(caller, leaf.root, given)
        changed = await witness.look()
        says = f"{name} {leaf} = {value!r:.80}"
        if status >= 500 or "INTERNAL" in codes(answer):
            faults.append(f"{says}: {status} {json.dumps(answer)[:300]}")
        if refused(answer):
            outcomes["refused"] += 1
            if changed and not INDEPENDENT & set(map(str, given.get("input", {}).values())):
                faults.append(
                    f"{says}: refused, and {sorted(changed)} changed: {json.dumps(answer)[:300]}"
                )
        else:
            outcomes["done"] += 1
    assert not faults, "\n".join(faults)
    assert min(outcomes.values()) > 10, outcomes


async def sent(api: Api, root: Root, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer of one request, whose JSON may hold what no JSON should."""
    body = json.dumps({"query": document(root, given), "variables": given})
    response = await api.client.post(
        "/graphql",
        content=body.encode("utf-8", "surrogatepass"),
        headers={**api.headers, "Content-Type": "application/json"},
    )
    return response.status_code, response.json()


def codes(answer: dict[str, Any]) -> set[str]:
    return {each.get("extensions", {}).get("code", "INTERNAL") for each in answer.get("errors", [])}


def refused(answer: dict[str, Any]) -> bool:
    payload = next(iter((answer.get("data") or {}).values()), None) or {}
    return bool(answer.get("errors") or payload.get("userErrors"))
