from __future__ import annotations

import pytest

from models.accounts.organisations import Organisation, OrganisationKind
from models.errors import InvalidInput
from resolvers.orm_pagination import Page, PageRequest, cursor_of, key_of, paginate


async def regions(database: str, count: int = 7) -> None:
    """Names repeat, so that only the ID tells some rows apart."""
    await Organisation.bulk_create(
        Organisation(code=f"R{n}", name=f"{n % 3}", kind=OrganisationKind.REGION, path=f"{n}/")
        for n in range(count)
    )


async def page(**request: object) -> Page[Organisation]:
    query = Organisation.filter(kind=OrganisationKind.REGION)
    return await paginate(query, PageRequest(**request), ["-name", "id"], "regions")  # type: ignore[arg-type]


def codes(found: Page[Organisation]) -> list[str]:
    return [row.code for row in found.rows]


IN_ORDER = ["R2", "R5", "R1", "R4", "R0", "R3", "R6"]


async def test_forward_pages_cover_everything_once_in_order(database: str) -> None:
    await regions(database)
    seen: list[str] = []
    after = None
    while True:
        found = await page(first=2, after=after)
        seen += codes(found)
        assert found.has_previous is (after is not None)
        if not found.has_next:
            break
        after = found.cursors[-1]
    assert seen == IN_ORDER


async def test_backward_pages_keep_the_order_of_the_list(database: str) -> None:
    await regions(database)
    last = await page(last=3)
    assert (codes(last), last.has_next, last.has_previous) == (IN_ORDER[-3:], False, True)
    before = await page(last=3, before=last.cursors[0])
    assert (codes(before), before.has_next, before.has_previous) == (IN_ORDER[1:4], True, True)


async def test_a_row_that_goes_between_two_pages_costs_no_other(database: str) -> None:
    await regions(database)
    first = await page(first=3)
    await Organisation.filter(code="R1").delete()
    assert codes(await page(first=3, after=first.cursors[-1])) == ["R4", "R0", "R3"]


async def test_twenty_unless_told(database: str) -> None:
    await regions(database, 30)
    assert len((await page()).rows) == 20
    assert len((await page(first=0)).rows) == 0
    assert len((await page(first=250)).rows) == 30


@pytest.mark.parametrize(
    "request_",
    [{"first": 251}, {"first": -1}, {"last": 251}, {"first": 1, "last": 1}],
)
def test_a_size_out_of_bounds_is_refused(request_: dict[str, int]) -> None:
    with pytest.raises(InvalidInput):
        _ = PageRequest(**request_).size  # type: ignore[arg-type]


@pytest.mark.parametrize("cursor", ["", "x", "bm90IGpzb24", "W10", "WyJhIl0", "é", "A" * 2000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor") as refused:
        key_of(cursor, "regions", 2, "after")
    assert refused.value.path == ("after",)


def test_a_cursor_of_another_sort_or_filter_is_refused() -> None:
    cursor = cursor_of(["a", 1], "products by name")
    assert key_of(cursor, "products by name", 2, "after") == ["a", 1]
    with pytest.raises(InvalidInput, match="another list, sort or filter"):
        key_of(cursor, "products by price", 2, "after")
