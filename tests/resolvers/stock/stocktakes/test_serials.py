"""Counting by serial numbers while pieces are sold, shipped and found: each ends where the books say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from models.catalog.products import Variant
from models.database import transaction
from models.errors import Duplicate, InsufficientStock, InvalidInput, NotFound, Refusals
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.stocktakes import Stocktake, StocktakeLine, StocktakeSerial
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.serials import SerialNumber
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.audit import audit
from resolvers.stock.serials import SerialDraft, checked
from resolvers.stock.stocktakes.approval import approve
from resolvers.stock.stocktakes.counting import CountDraft, count, recount
from resolvers.stock.stocktakes.opening import cancel
from tests.make.holds import hold, later, of
from tests.make.serials import moved, phones
from tests.make.soundness import stock_contradictions
from tests.make.statements import counting
from tests.make.stock import a_level, again
from tests.make.stocktakes import opened
from tests.make.transfers import a_key

OUTSIDE, AVAILABLE, DAMAGED = StockState.OUTSIDE, StockState.AVAILABLE, StockState.DAMAGED


async def sell(ctx: Context, order_id: int, level: StockLevel, *serials: str) -> None:
    await hold(ctx, order_id, of(level, len(serials), order_id))
    await transaction(allocation_holds.commit, ctx, order_id)
    scanned = checked([SerialDraft(level.variant_id, serials)])
    await transaction(allocation_holds.hand_over, ctx, order_id, scanned)


async def scan(
    ctx: Context, row: Stocktake, level: StockLevel, *serials: str, at: timedelta | None = None
) -> Stocktake:
    """Count a level by these, now or so long after the opening of the stocktake."""
    drafts = [CountDraft(level.variant_id, len(serials))]
    moment = None if at is None else row.created_at + at
    scans = [SerialDraft(level.variant_id, serials)]
    return await count(ctx, row.id, drafts, moment, None, scans)


async def found(row: Stocktake) -> list[tuple[str, str, bool | None]]:
    query = StocktakeSerial.filter(line__stocktake_id=row.id).order_by("serial")
    return [(each.serial, str(each.finding), each.moved) for each in await query]


async def states(level: StockLevel) -> dict[str, str]:
    rows = await SerialNumber.filter(variant_id=level.variant_id).order_by("serial")
    return {each.serial: str(each.state) for each in rows}


async def sound(ctx: Context) -> None:
    assert (await audit.run(ctx)).drifts == []
    assert await stock_contradictions(ctx) == []


async def test_what_was_not_scanned_goes_out_and_what_was_comes_in(ctx: Context) -> None:
    level = await phones(ctx, *"ABCDEFG")
    await moved(ctx, level, AVAILABLE, DAMAGED, "E", "F")
    await sell(ctx, 1, level, "G")  # comes back without anybody saying so
    row = await opened(ctx, level)
    row = await scan(ctx, row, level, "A", "F", "G", "X", "Y")
    line = await StocktakeLine.get(stocktake_id=row.id)
    assert (row.status, line.counted, line.expected, line.difference) == (
        StocktakeStatus.COUNTED, 5, 6, -1,
    )  # fmt: skip
    assert [each[:2] for each in await found(row)] == [
        ("B", "MISSING"), ("C", "MISSING"), ("D", "MISSING"), ("E", "MISSING"),
        ("G", "SURPLUS"), ("X", "SURPLUS"), ("Y", "SURPLUS"),
    ]  # fmt: skip
    await sell(ctx, 2, level, "A", "B")  # one that was scanned, and one that nobody had seen
    await moved(ctx, level, AVAILABLE, DAMAGED, "C")
    await moved(ctx, level, OUTSIDE, AVAILABLE, "Y")
    for _ in range(2):
        row = await approve(ctx, row.id, "k")
    assert row.status is StocktakeStatus.APPROVED
    assert {serial: moved for serial, _, moved in await found(row)} == {
        "B": False, "C": False, "D": True, "E": True, "G": True, "X": True, "Y": False,
    }  # fmt: skip
    assert await states(level) == {
        "A": "SOLD", "B": "SOLD", "C": "DAMAGED", "D": "GONE", "E": "GONE", "F": "DAMAGED",
        "G": "IN_STOCK", "X": "IN_STOCK", "Y": "IN_STOCK",
    }  # fmt: skip
    now = await again(level)
    assert (now.available, now.damaged, now.held, now.committed) == (3, 2, 0, 0)
    moves = await StockMovement.filter(reason="STOCKTAKE").order_by("id")
    assert [(m.from_state, m.to_state, m.quantity, m.document_id) for m in moves] == [
        ("AVAILABLE", "OUTSIDE", 1, row.id),
        ("DAMAGED", "OUTSIDE", 1, row.id),
        ("OUTSIDE", "AVAILABLE", 2, row.id),
    ]
    await sound(ctx)


async def test_as_many_but_others_are_exchanged(ctx: Context) -> None:
    level = await phones(ctx, "A", "B")
    await hold(ctx, 1, of(level, 2))  # by pieces: two of whatever stands there
    row = await scan(ctx, await opened(ctx, level), level, "A", "X")
    assert (await StocktakeLine.get(stocktake_id=row.id)).difference == 0
    await approve(ctx, row.id, "k")
    assert await states(level) == {"A": "IN_STOCK", "B": "GONE", "X": "IN_STOCK"}
    assert (await again(level)).held == 2
    await sound(ctx)


async def test_nothing_differs_and_nothing_moves(ctx: Context) -> None:
    level = await phones(ctx, "A", "B")
    empty = await phones(ctx, location=await level.location)
    row = await opened(ctx, level, empty)
    drafts = [CountDraft(level.variant_id, 2), CountDraft(empty.variant_id, 0)]
    scans = [SerialDraft(level.variant_id, [" B ", "A"])]
    row = await count(ctx, row.id, drafts, None, None, scans)
    await sell(ctx, 1, level, "A")
    assert (await approve(ctx, row.id, "k")).status is StocktakeStatus.APPROVED
    assert await StockMovement.filter(reason="STOCKTAKE").count() == 0
    assert await found(row) == []
    await sound(ctx)


async def test_what_is_somewhere_else_stops_the_approval_and_is_named(ctx: Context) -> None:
    level = await phones(ctx, "A", "B")
    other = await phones(ctx, "X", "Y", variant=await level.variant)
    row = await scan(ctx, await opened(ctx, level), level, "A", "X", "Y")
    with pytest.raises(Refusals) as told:
        await approve(ctx, row.id, "k")
    assert all(isinstance(each, Duplicate) for each in told.value.refusals)
    assert [each.parts["serial"] for each in told.value.refusals] == ["X", "Y"]
    assert {each.path for each in told.value.refusals} == {("stocktakeId",)}
    assert await states(level) == dict.fromkeys("ABXY", "IN_STOCK")
    assert await StockMovement.filter(reason="STOCKTAKE").count() == 0
    # What left there was not seen here since the count, so it comes in here with the same key.
    await moved(ctx, other, AVAILABLE, OUTSIDE, "X")
    await sell(ctx, 1, other, "Y")
    await approve(ctx, row.id, "k")
    assert await states(level) == {
        "A": "IN_STOCK", "B": "GONE", "X": "IN_STOCK", "Y": "IN_STOCK",
    }  # fmt: skip
    assert [(await again(each)).available for each in (level, other)] == [3, 0]
    await sound(ctx)


async def test_missing_ones_that_are_promised_by_now_stop_the_approval(ctx: Context) -> None:
    level = await phones(ctx, "A", "B", "C")
    row = await scan(ctx, await opened(ctx, level), level, "A")
    await hold(ctx, 1, of(level, 2))
    with pytest.raises(Refusals) as told:
        await approve(ctx, row.id, "k")
    (error,) = told.value.refusals
    assert isinstance(error, InsufficientStock)
    assert (error.variant_id, error.requested, error.available) == (level.variant_id, 2, 1)
    assert await states(level) == dict.fromkeys("ABC", "IN_STOCK")
    await approve(later(ctx, 20), row.id, "k")  # the hold has expired
    assert await states(level) == {"A": "IN_STOCK", "B": "GONE", "C": "GONE"}
    await sound(ctx)


async def test_a_count_that_is_sent_later_is_of_its_own_moment(ctx: Context) -> None:
    level = await phones(ctx, *"ABCD")
    row = await opened(ctx, level)
    await moved(later(ctx, 2), level, OUTSIDE, AVAILABLE, "X", "Z")
    await sell(later(ctx, 3), 1, level, "A", "B")
    await moved(later(ctx, 3), level, OUTSIDE, AVAILABLE, "B")
    # A minute after the opening A, C and X stood there; nobody had booked X yet, nor seen B and D.
    row = await scan(later(ctx, 5), row, level, "A", "C", "X", at=timedelta(minutes=1))
    line = await StocktakeLine.get(stocktake_id=row.id)
    assert (line.counted, line.expected) == (3, 4)
    assert [each[:2] for each in await found(row)] == [
        ("B", "MISSING"), ("D", "MISSING"), ("X", "SURPLUS"),
    ]  # fmt: skip
    await approve(later(ctx, 6), row.id, "k")
    assert await states(level) == {
        "A": "SOLD", "B": "IN_STOCK", "C": "IN_STOCK", "D": "GONE", "X": "IN_STOCK",
        "Z": "IN_STOCK",
    }  # fmt: skip
    await sound(later(ctx, 6))


async def test_another_count_forgets_what_was_found_before(ctx: Context) -> None:
    level = await phones(ctx, "A", "B")
    other = await phones(ctx, "A", location=await level.location)
    row = await opened(ctx, level, other)
    await scan(ctx, row, level, "X")
    await scan(ctx, row, level, "A", "Y")
    assert [each[0] for each in await found(row)] == ["B", "Y"]
    await scan(ctx, row, other)
    row = await recount(ctx, row.id, [level.variant_id])
    assert [each[0] for each in await found(row)] == ["A"]
    await scan(ctx, row, level, "B", "A")
    await cancel(ctx, row.id, None)
    assert await states(level) == {"A": "IN_STOCK", "B": "IN_STOCK"}
    await sound(ctx)


async def test_what_cannot_have_been_scanned_is_named(ctx: Context) -> None:
    level = await phones(ctx, "A", "B")
    place = await level.location
    milk, absent = await a_level(ctx, 5, location=place), await phones(ctx, location=place)
    row = await opened(ctx, milk, level, absent)
    phone, many = level.variant_id, [str(each) for each in range(3001)]

    async def told(
        *scans: tuple[int, Sequence[str]], pieces: int = 2
    ) -> Sequence[tuple[str, tuple[str | int, ...]]]:
        counts = [CountDraft(milk.variant_id, 5), CountDraft(phone, pieces)]
        drafts = [
            SerialDraft(variant_id, serials, ("serials", number, "serials"))
            for number, (variant_id, serials) in enumerate(scans)
        ]
        try:
            await count(ctx, row.id, counts, None, None, drafts)
        except Refusals as errors:
            return [(each.code, each.path) for each in errors.refusals]
        except (InvalidInput, Duplicate, NotFound) as error:
            return [(error.code, error.path)]
        return []

    right, first = (phone, ["A", "B"]), ("serials", 0, "serials")
    for scans, path in (
        ([], ("counts", 1, "quantity")),
        ([(phone, ["A"])], first),
        ([(phone, ["A", "B", "C"])], first),
        ([(phone, ["A", " "])], (*first, 1)),
        ([(phone, ["A", "x" * 65])], (*first, 1)),
        ([(phone, ["A", "bell\a"])], (*first, 1)),
        ([(phone, many)], first),
        ([right, (milk.variant_id, ["M"])], ("serials", 1, "serials")),
        ([right, (absent.variant_id, ["A"])], ("serials", 1, "serials")),
        ([right, (10**9, ["A"])], ("serials", 1, "serials")),
    ):
        assert await told(*scans) == [("INVALID", path)], scans
    assert await told((phone, ["A", " A"])) == [("DUPLICATE", (*first, 1))]
    assert await told(right, right) == [("DUPLICATE", ("serials", 1, "serials"))]
    assert await told((phone, ["A"]), (milk.variant_id, ["M"])) == [
        ("INVALID", ("serials", 1, "serials")), ("INVALID", first),
    ]  # fmt: skip
    assert await StocktakeLine.filter(counted__isnull=False).count() == 0
    assert await StocktakeSerial.all().count() == 0
    assert (
        await told((phone, ["Z"]), (milk.variant_id, []), pieces=1) == []
    )  # nobody says it is unknown


async def test_a_variant_that_tracks_them_since_is_counted_again(ctx: Context) -> None:
    level = await a_level(ctx, 0)
    row = await opened(ctx, level)
    row = await count(ctx, row.id, [CountDraft(level.variant_id, 2)], None, None)
    await Variant.filter(id=level.variant_id).update(tracks_serials=True)
    with pytest.raises(InvalidInput) as told:
        await approve(ctx, row.id, "k")
    assert told.value.path == ("stocktakeId",)
    row = await scan(ctx, await recount(ctx, row.id, [level.variant_id]), level, "A", "B")
    await Variant.filter(id=level.variant_id).update(tracks_serials=False)
    with pytest.raises(InvalidInput):
        await approve(ctx, row.id, "k")
    await Variant.filter(id=level.variant_id).update(tracks_serials=True)
    await approve(ctx, row.id, "k")
    assert await states(level) == {"A": "IN_STOCK", "B": "IN_STOCK"}
    await sound(ctx)


async def test_a_missing_one_is_sold_or_taken_out_once(ctx: Context) -> None:
    level = await phones(ctx, *"ABCD")
    row = await scan(ctx, await opened(ctx, level), level, "A")
    for order in (1, 2):
        await hold(ctx, order, of(level, 1, order))
        await transaction(allocation_holds.commit, ctx, order)
    handed = [
        transaction(
            allocation_holds.hand_over,
            ctx,
            order,
            checked([SerialDraft(level.variant_id, [serial])]),
        )
        for order, serial in ((1, "B"), (2, "C"))
    ]
    approval, *sales = await asyncio.gather(
        approve(ctx, row.id, "k"), *handed, return_exceptions=True
    )
    if isinstance(approval, BaseException):  # two are promised, and it cannot take three of two
        assert isinstance(approval, Refusals)
        await approve(ctx, row.id, "k")
    assert all(each is None or isinstance(each, NotFound) for each in sales), sales
    fates = ["GONE" if each else "SOLD" for each in sales]
    assert await states(level) == dict(zip("ABCD", ["IN_STOCK", *fates, "GONE"], strict=True))
    assert {serial: moved for serial, _, moved in await found(row)} == {
        "B": fates[0] == "GONE", "C": fates[1] == "GONE", "D": True,
    }  # fmt: skip
    await sound(ctx)


async def test_a_surplus_one_comes_in_at_one_place(ctx: Context) -> None:
    levels = [await phones(ctx)]
    levels.append(await phones(ctx, variant=await levels[0].variant))
    rows = [await scan(ctx, await opened(ctx, level), level, "X", "Y") for level in levels]
    done = await asyncio.gather(
        *(approve(ctx, row.id, f"k{row.id}") for row in rows),
        moved(ctx, levels[0], OUTSIDE, AVAILABLE, "X"),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Stocktake) for each in done[:2]) == 1, done
    assert all(isinstance(each, Stocktake | Duplicate | Refusals | None) for each in done), done
    assert await states(levels[0]) == {"X": "IN_STOCK", "Y": "IN_STOCK"}
    assert sum([(await again(each)).available for each in levels]) == 2
    await sound(ctx)


async def test_selling_while_it_is_counted_and_approved_loses_none(ctx: Context) -> None:
    serials = [f"S{number}" for number in range(12)]
    level = await phones(ctx, *serials)
    row = await opened(ctx, level)
    first = [sell(ctx, order, level, serials[order]) for order in range(4)]
    await asyncio.gather(*first[:2], scan(ctx, row, level, *serials[2:]), *first[2:])
    # Counted before or after each sale; scanned or not, what was sold is not there in the end.
    second = [sell(ctx, order, level, serials[order]) for order in range(4, 8)]
    done = await asyncio.gather(approve(ctx, row.id, "k"), *second, return_exceptions=True)
    lost = [each for each in done if isinstance(each, BaseException)]
    expected = dict.fromkeys(serials[:8], "SOLD") | dict.fromkeys(serials[8:], "IN_STOCK")
    for serial, finding, _ in await found(row):
        if finding == "SURPLUS":
            expected[serial] = "IN_STOCK"  # sold before it was counted as standing there
    assert lost == []
    assert await states(level) == expected
    await sound(ctx)


async def test_more_than_one_request_may_bring_are_counted(ctx: Context) -> None:
    serials = [f"S{number:04}" for number in range(600)]
    level = await phones(ctx, *serials[:500])
    await moved(ctx, level, OUTSIDE, AVAILABLE, *serials[500:])
    row = await scan(ctx, await opened(ctx, level), level, *serials[1:])
    assert await found(row) == [("S0000", "MISSING", None)]
    await approve(ctx, row.id, "k")
    row = await scan(ctx, await opened(ctx, level), level)
    await approve(ctx, row.id, "k2")
    assert (await again(level)).available == 0
    await sound(ctx)


async def test_many_serial_numbers_take_no_more_statements(ctx: Context) -> None:
    taken = []
    for pieces in (2, 60):
        serials = [f"S{number}" for number in range(pieces)]
        level = await phones(ctx, *serials)
        row = await opened(ctx, level)
        with counting() as statements:
            scanned = [f"X{number}" for number in range(pieces)]
            await scan(ctx, row, level, *serials[: pieces // 2], *scanned)
            await approve(ctx, row.id, a_key())
        taken.append(len(statements))
    assert taken[0] == taken[1] < 60, taken
