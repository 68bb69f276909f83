"""`python -m benchmarks.attacks`: run every attack against a server of this code and print the results."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext

from benchmarks.attacks.attack import Attack, Outcome
from benchmarks.attacks.bombs import BOMBS
from benchmarks.attacks.connections import CONNECTING
from benchmarks.attacks.guesses import GUESSES, REDIS_HANGS, SilentRedis
from benchmarks.attacks.table import LIVE_MS, Result, keep, table, write_tables
from benchmarks.attacks.target import NotStarted, Target, Victim, started, watched
from benchmarks.client import operation
from benchmarks.data import STOREFRONT_KEY, Scale
from benchmarks.databases import ENGINES, empty, engines_that_answer, filled
from benchmarks.documents import PRODUCT_LIST

ATTACKS: Sequence[Attack] = [*BOMBS, *CONNECTING, *GUESSES]
SCALE = Scale(wide_stores=500)
MOST_LOG_BYTES = 1_000_000


async def main(given: argparse.Namespace) -> int:
    chosen = [each for each in ATTACKS if not given.attacks or each.key in given.attacks]
    results: list[Result] = []
    for engine in [given.database] if given.database else await engines_that_answer():
        for name in ("demo", "filled"):
            wanted = [each for each in chosen if each.on == name]
            if wanted:
                async with _victim(name, engine) as victim:
                    for attack in wanted:
                        results.append(await _attacked(attack, victim, engine))
                        if given.write:
                            keep(given.write, results)
    print(table(results))
    if given.write:
        write_tables([each.key for each in ATTACKS])
    return 0 if all(each.held for each in results) else 1


@asynccontextmanager
async def _victim(name: str, engine: str) -> AsyncIterator[Victim]:
    """Provide a database to attack; the first server that is started on it plants the demo chain."""
    if name == "demo":
        async with empty(engine) as made:
            ordinary = operation(PRODUCT_LIST, {"first": 20}, storefront_key="demo-wechat")
            yield Victim(name, made, ("--demo",), ordinary, "demo-wechat", "DEMO")
    else:
        async with filled(engine, SCALE) as made:
            ordinary = operation(PRODUCT_LIST, {"first": 20}, storefront_key=STOREFRONT_KEY)
            yield Victim(name, made, (), ordinary, STOREFRONT_KEY, "CHAIN")


async def _attacked(attack: Attack, victim: Victim, engine: str) -> Result:
    print(f"  {engine}: {attack.title} ...", file=sys.stderr, flush=True)
    async with SilentRedis() if attack.key == REDIS_HANGS else nullcontext("") as redis:
        variables = dict(attack.variables) | ({"QUINTET_REDIS_URL": redis} if redis else {})
        try:
            async with started(victim, **variables) as target:
                return await _measured(attack, target, engine)
        except NotStarted as failure:
            says = f"did not start: {str(failure).strip()[-150:]}"
            return _result(attack, engine, Outcome(says, 0, False), None, 0, 0, 0)


async def _measured(attack: Attack, target: Target, engine: str) -> Result:
    log, cpu = target.log.stat().st_size, await target.cpu_seconds()
    async with watched(target):
        began = time.perf_counter()
        try:
            async with asyncio.timeout(attack.seconds):
                outcome = await attack.run(target)
        except TimeoutError:
            outcome = Outcome(f"not over after {attack.seconds:g} s", 0, False)
        except OSError as error:
            outcome = Outcome(f"no connection ({type(error).__name__})", 0, False)
        seconds = time.perf_counter() - began
        spent = await target.cpu_seconds() - cpu
        back = await target.recovers()
        if back is None and target.alive:
            target.process.kill()
    if killed := target.watched["killed"]:
        outcome = Outcome(f"{outcome.says}; {killed}", outcome.received, False)
    elif back is None and attack.key != "bomb-sigterm":
        outcome = Outcome(f"{outcome.says}; did not come back", outcome.received, False)
    return _result(attack, engine, outcome, target, seconds, spent, target.log.stat().st_size - log)


def _result(
    attack: Attack,
    engine: str,
    outcome: Outcome,
    target: Target | None,
    seconds: float,
    cpu_seconds: float,
    log_bytes: int,
) -> Result:
    seen = target.watched if target else {}
    live_ms = seen.get("live_ms", 0.0)
    ended = attack.key == "bomb-sigterm"  # the server has ended
    held = outcome.held and (live_ms <= LIVE_MS or ended) and log_bytes <= MOST_LOG_BYTES
    return Result(
        key=attack.key,
        title=attack.title,
        engine=engine,
        answer=outcome.says,
        received=outcome.received,
        seconds=round(seconds, 2),
        cpu_seconds=round(max(0.0, cpu_seconds), 2),
        peak_megabytes=round(seen.get("peak_megabytes", 0.0)),
        log_bytes=log_bytes,
        live_ms=round(live_ms, 1),
        query_ms=round(seen.get("query_ms", 0.0), 1),
        held=held,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    keys = [each.key for each in ATTACKS]
    parser.add_argument("--attacks", nargs="+", choices=keys, metavar="KEY", help=", ".join(keys))
    parser.add_argument(
        "--write", choices=("before", "after"), help="keep the results by this name"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_arguments())))
