"""The rows of the table: the requests and the required responses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.client import Connection, WrongAnswer
from benchmarks.data import Scale
from benchmarks.purchase import CALLS, Buyers, paid_orders
from benchmarks.reading import Question, questions

Work = Callable[[Connection, int], Awaitable[None]]
BARE = "bare"
TITLES = {
    BARE: "bare endpoint",
    "R1": "list of 20 products, 3 variants each",
    "R1b": "list of 100 products, 3 variants each",
    "R2": "product by slug",
    "R3": "search, 20 hits",
    "R4": "one variant's stock at 20 stores",
    "R5": "nearest 10 of 10,000 stores with a variant",
    "W1": f"whole purchase of a signed-in member ({CALLS} calls)",
}


@dataclass(frozen=True)
class Row:
    """One row; `work` runs it once, its number makes a run distinct, and `after` checks all runs.

    `requests` are the bytes that the work sends if they are the same each time, so that `wrk` can send them
    too.
    """

    key: str
    title: str
    work: Work
    calls: int = 1
    after: Callable[[], Awaitable[None]] | None = None
    requests: Sequence[bytes] = ()


def rows(
    scale: Scale,
    storefront_key: str | None,
    paid: Callable[[], Awaitable[int]] = paid_orders,
) -> list[Row]:
    """Return every row; `paid` returns the number of paid orders in the database."""
    reading = [_reading(key, asked) for key, asked in questions(scale, storefront_key).items()]
    return [*reading, _purchase(scale, storefront_key, paid)]


def _reading(key: str, asked: Sequence[Question]) -> Row:
    """Return a row that sends its questions in turn; a response is checked unless an equal one was."""
    checked: list[set[bytes]] = [set() for _ in asked]

    async def work(connection: Connection, number: int) -> None:
        index = number % len(asked)
        ask, is_right = asked[index]
        status, body = await connection.send(ask)
        if status == 200 and body in checked[index]:
            return
        if not is_right(status, body):
            raise WrongAnswer(body[:2000].decode(errors="replace"))
        checked[index].add(body)

    return Row(key, TITLES[key], work, requests=[ask for ask, _ in asked])


def _purchase(scale: Scale, storefront_key: str | None, paid: Callable[[], Awaitable[int]]) -> Row:
    buyers = Buyers(scale.members, storefront_key)

    async def work(connection: Connection, number: int) -> None:
        await buyers.buy(connection, number, number % scale.skus + 1)

    async def after() -> None:
        if buyers.refused or await paid() != buyers.paid:
            raise WrongAnswer(f"{buyers} but {await paid()} orders are paid")

    return Row("W1", TITLES["W1"], work, CALLS, after)
