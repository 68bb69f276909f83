"""Who waits for whom, who goes together, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from resolvers.micro_batching import MOST_TOGETHER, MicroBatches

NOTHING: frozenset[str] = frozenset()


class Server:
    """Serves numbers; notes the batches, and that nothing is used by two at once."""

    def __init__(self, wants: dict[int, frozenset[str]], seconds: float = 0.002) -> None:
        self.wants = wants
        self.seconds = seconds
        self.batches: list[list[int]] = []
        self.in_use: list[str] = []
        self.bad: set[int] = set()

    async def serve(self, numbers: Sequence[int]) -> list[str]:
        used = set().union(*(self.wants[number] for number in numbers))
        assert not used & set(self.in_use)
        self.in_use += used
        self.batches.append(list(numbers))
        await asyncio.sleep(self.seconds)
        for each in used:
            self.in_use.remove(each)
        if self.bad & set(numbers):
            raise ValueError(f"{numbers}")
        return [f"served {number}" for number in numbers]


def of(*things: str) -> frozenset[str]:
    return frozenset(things)


async def test_a_rush_goes_in_two_batches_and_others_at_once() -> None:
    server = Server({n: of("hot") for n in range(50)} | {50: of("cold")})
    batches = MicroBatches(server.serve)
    outcomes = await asyncio.gather(
        *(batches.submit(n, server.wants[n], NOTHING) for n in range(51))
    )
    assert outcomes == [f"served {n}" for n in range(51)]
    assert server.batches == [[0], [50], list(range(1, 50))]


async def test_whoever_wants_two_things_is_not_overtaken() -> None:
    wants = {0: of("a"), 1: of("b"), 2: of("a", "b"), 3: of("a"), 4: of("b"), 5: of("c")}
    server = Server(wants)
    batches = MicroBatches(server.serve)
    await asyncio.gather(*(batches.submit(n, wants[n], NOTHING) for n in wants))
    assert server.batches == [[0], [1], [5], [2, 3, 4]]


async def test_the_same_key_never_goes_with_itself_and_a_batch_is_bounded() -> None:
    count = MOST_TOGETHER + 20
    server = Server({n: of("hot", f"key {n % 60}") for n in range(count)})
    batches = MicroBatches(server.serve)
    await asyncio.gather(*(batches.submit(n, of("hot"), of(f"key {n % 60}")) for n in range(count)))
    assert sorted(n for batch in server.batches for n in batch) == list(range(count))
    for batch in server.batches:
        assert len({n % 60 for n in batch}) == len(batch) <= MOST_TOGETHER


async def test_a_bad_one_fails_alone() -> None:
    server = Server({n: of("hot") for n in range(10)})
    server.bad = {4}
    batches = MicroBatches(server.serve)
    outcomes = await asyncio.gather(
        *(batches.submit(n, of("hot"), NOTHING) for n in range(10)), return_exceptions=True
    )
    assert [n for n, each in enumerate(outcomes) if isinstance(each, ValueError)] == [4]
    assert [each for n, each in enumerate(outcomes) if n != 4] == [
        f"served {n}" for n in range(10) if n != 4
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_is_forgotten_whoever_leaves(seed: int) -> None:
    chance = random.Random(seed)
    things = ["a", "b", "c", "d"]
    wants = {n: frozenset(chance.sample(things, chance.randint(1, 2))) for n in range(300)}
    server = Server(wants, seconds=0.0005)
    batches = MicroBatches(server.serve)
    callers = []
    for n, each in wants.items():
        callers.append(asyncio.create_task(batches.submit(n, each, NOTHING)))
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        if chance.random() < 0.2:
            chance.choice(callers).cancel()
    outcomes = await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), 60)
    left = {n for n, each in enumerate(outcomes) if isinstance(each, asyncio.CancelledError)}
    served = [n for batch in server.batches for n in batch]
    assert len(served) == len(set(served))
    assert set(wants) - set(served) <= left
    assert [outcomes[n] for n in wants if n not in left] == [
        f"served {n}" for n in wants if n not in left
    ]
