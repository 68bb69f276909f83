"""No list is too long for a statement, whoever writes the statement and on whichever connection it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from models.accounts.organisations import Organisation
from models.database import (
    brief_transaction,
    change,
    execute,
    fetch,
    is_postgres,
    marks,
    records,
    transaction,
)
from models.engine.long_lists import MOST_PARAMETERS, folded
from tests.make.statements import counting

MANY = list(range(2, 40_002))


def test_a_short_list_stays_as_it_is() -> None:
    query = f"SELECT 1 FROM t WHERE id IN ({marks(range(MOST_PARAMETERS))})"
    assert folded(query, range(MOST_PARAMETERS)) == (query, range(MOST_PARAMETERS))


def test_parameters_around_lists_keep_their_order_and_duplicates_go() -> None:
    ids, codes = [7, 7, 8] * 1_000, ["a", 'b"', "a"] * 1_000
    values = ["first", *ids, "between", *codes, "last"]
    query = "? IN ({}) AND c = ? OR d NOT IN ({}) AND e = ?"
    short = "SELECT value FROM json_each(?)"
    assert folded(query.format(marks(ids), marks(codes)), values) == (
        query.format(short, short),
        ("first", "[7,8]", "between", '["a","b\\""]', "last"),
    )
    one = ",".join(f"${number}" for number in range(2, 3_002))
    two = ", ".join(f"${number}" for number in range(3_003, 6_003))
    numbered = f"$1 IN ({one}) AND c = $3002 OR d NOT IN ({two}) AND e = $6003"
    assert folded(numbered, values) == (
        "$1 = ANY($2) AND c = $3 OR d <> ALL($4) AND e = $5",
        ("first", (7, 8), "between", ("a", 'b"'), "last"),
    )


def test_what_json_cannot_say_is_only_freed_of_duplicates() -> None:
    values = [b"a", b"b"] * MOST_PARAMETERS
    assert folded(f"x IN ({marks(values)})", values) == ("x IN (?, ?)", (b"a", b"b"))


async def directly(work: Callable[[], Awaitable[None]]) -> None:
    await work()


@pytest.mark.parametrize("run", [directly, transaction, brief_transaction])
async def test_any_statement_takes_a_list_of_any_length(
    database: str, run: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
) -> None:
    await Organisation.create(id=30_000, code="B", name="b", kind="REGION", path="30000/")
    texts = [f"c{number}" for number in MANY]

    async def work() -> None:
        condition = f"id IN ({marks(MANY)})"
        query = f"SELECT id FROM organisation WHERE code <> ? AND {condition} AND kind = ?"
        assert [row[0] for row in await records(query, "X", *MANY, "REGION")] == [30_000]
        assert [row["id"] for row in await fetch(query, "X", *MANY, "REGION")] == [30_000]
        assert await Organisation.filter(id__in=MANY).count() == 1
        assert [row.code for row in await Organisation.filter(id__in=MANY, kind="REGION")] == ["B"]
        assert await Organisation.filter(code__in=[*texts, "B", "B"]).values_list(
            "id", flat=True
        ) == [30_000]
        assert 30_000 not in await Organisation.exclude(id__in=MANY).values_list("id", flat=True)
        assert set(await Organisation.filter(id__in=MANY).in_bulk(MANY, "id")) == {30_000}
        assert await Organisation.filter(id__in=MANY).update(name="c") == 1

    await run(work)
    named = f"UPDATE organisation SET name = ? WHERE id IN ({marks(MANY)}) RETURNING id"
    assert [row["id"] for row in await change(named, "d", *MANY)] == [30_000]
    gone = f"DELETE FROM organisation WHERE id IN ({marks(MANY)})"
    assert await transaction(execute, gone, *MANY) == 1


async def test_a_long_list_is_one_statement(database: str) -> None:
    with counting() as sent:
        await Organisation.filter(id__in=MANY)
    assert len(sent) == 1
    assert ("ANY(" if is_postgres() else "json_each") in str(sent[0])
