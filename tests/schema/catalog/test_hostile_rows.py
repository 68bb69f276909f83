"""Whatever an ERP sends that is wrong: it is told what and where, sound rows beside it are saved or not as
it asked, and a rehearsal leaves every table as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise

from models.database import fetch
from tests.make.api import Api
from tests.make.documents import document
from tests.make.goods import a_gtin
from tests.make.persons import staff
from tests.make.shop import new_key

HUGE, BELL, UNSEEN = 2**31, "bell\a", "\u200b\u202e"
LONG = "x" * 65
CODES: list[Any] = ["", " ", "a b", LONG, "零", "-a", "a\n", "x" * 30_000, "'; --"]
NAMES: list[Any] = ["", "\n\t ", "n" * 201, BELL, UNSEEN, "two\nlines", "\x85"]
AMOUNTS: list[Any] = ["-0.01", "1.005", "1e15", str(HUGE * HUGE), "0E-30"]
NO_AMOUNTS: list[Any] = ["NaN", "Infinity", "-Infinity", "1e999999999", "", "1,5", "x" * 1_000, 1.5]
URLS: list[Any] = [
    "", "javascript:alert(1)", "data:text/html,x", "//cdn.example/1.jpg", "https://", "https://[x",
    "ftp://cdn.example/1", "https://a b/1.jpg", "https://a.example/" + "x" * 1_000, "https://a/\n1",
    "https://user:secret@cdn.example/1.jpg", "https://cdn.example:99999/1.jpg", "file:///etc/passwd",
    "https://cdn.example\\@elsewhere.example/",
]  # fmt: skip
WRONG_GTINS: list[Any] = ["6901234567890", "", "123", "00000000", "x" * 99, "69012345678９２1"]
SELECTED = [{"name": "规格", "value": "小"}]
OPTIONS = [{"name": "规格", "values": ["小", "大"]}]
Path = tuple[str | int, ...]
Fault = tuple[Path, Sequence[Any], str]
TOP = "TOP"


def product(code: str = "NEW", **given: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"商品{code}",
        "slug": f"slug-{code}".lower(),
        "description": "酸甜\n可口",
        "brandCode": "BRAND",
        "brandName": "欢乐家",
        "categoryCode": "CAN",
        "categoryName": "罐头",
        "categoryParentCode": "FOOD",
        "tags": ["新"],
        "options": OPTIONS,
        "media": [{"url": "https://cdn.example/1.jpg", "alt": "一罐"}],
        "variants": [
            {
                "sku": f"{code}-S",
                "price": "9.90",
                "name": "小",
                "compareAtPrice": "12",
                "gtins": [],
                "options": SELECTED,
                "tracksSerials": False,
            }
        ],
        **given,
    }


def store(code: str = "NEW", **given: Any) -> dict[str, Any]:
    return {
        "code": code,
        "name": f"{code}店",
        "address": {"street": "太原街1号", "city": "沈阳市", "divisionCode": "210102"},
        "organisationCode": "PLATFORM",
        "phone": "024-1234",
        "position": {"latitude": 41.79, "longitude": 123.39},
        "hours": [{"weekday": "MONDAY", "opens": "08:00", "closes": "22:00"}],
        "deliveryRadiusMetres": 3000,
        **given,
    }


def price(sku: str = "OLD-S", **given: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "price": "8.80",
        "listCode": "VIP",
        "validFrom": "2026-11-11T00:00:00+08:00",
        "validTo": "2026-11-12T00:00:00+08:00",
        **given,
    }


def level(sku: str = "OLD-S", **given: Any) -> dict[str, Any]:
    return {"locationCode": "SHOP", "sku": sku, "quantity": 5, "compareQuantity": 0, **given}


def variant(**given: Any) -> list[dict[str, Any]]:
    return [{"sku": "NEW-S", "price": "1", "options": SELECTED, **given}]


V: Path = ("variants", 0)
PRODUCT_FAULTS: list[Fault] = [
    (("code",), CODES, "INVALID"),
    (("name",), NAMES, "INVALID"),
    (("slug",), ["", "-", "a b", "a--b", "s" * 161, "../x", "a/b", "a?b", "a\n"], "INVALID"),
    (("slug",), ["slug-old"], "DUPLICATE"),
    (("description",), ["d" * 20_001, BELL, "\x1b[2J"], "INVALID"),
    (("brandCode",), CODES, "INVALID"),
    (("brandName",), NAMES, "INVALID"),
    (("categoryCode",), CODES, "INVALID"),
    (("categoryName",), NAMES, "INVALID"),
    (("categoryParentCode",), [*CODES, "CAN"], "INVALID"),
    (("status",), ["GONE", "", 1], TOP),
    (("tags",), [["t"] * 51], "INVALID"),
    (("tags", 0), [*NAMES[:2], BELL, UNSEEN, "t" * 65, "a\nb"], "INVALID"),
    (("options",), [OPTIONS * 6], "INVALID"),
    (("options",), [OPTIONS * 2], "DUPLICATE"),
    (("options", 0, "name"), ["", LONG, BELL, "a\nb"], "INVALID"),
    (("options", 0, "values"), [[], ["v"] * 201], "INVALID"),
    (("options", 0, "values"), [["小", "小"]], "DUPLICATE"),
    (("options", 0, "values", 0), ["", LONG, BELL], "INVALID"),
    (("media", 0, "url"), URLS, "INVALID"),
    (("media", 0, "alt"), ["a" * 201, BELL], "INVALID"),
    (("media",), [[{"url": "https://cdn.example/1.jpg"}] * 51], "INVALID"),
    (("channels",), [["MOON"]], TOP),
    (("variants",), [[], [{"sku": f"N{n}", "price": "1"} for n in range(101)]], "INVALID"),
    ((*V, "sku"), CODES, "INVALID"),
    ((*V, "sku"), ["OLD-S"], "DUPLICATE"),
    ((*V, "price"), AMOUNTS[:-1], "INVALID"),
    ((*V, "price"), NO_AMOUNTS, TOP),
    ((*V, "compareAtPrice"), AMOUNTS[:-1], "INVALID"),
    ((*V, "compareAtPrice"), NO_AMOUNTS, TOP),
    ((*V, "name"), NAMES, "INVALID"),
    ((*V, "gtins"), [[a_gtin(n) for n in range(21)]], "INVALID"),
    ((*V, "gtins"), [[a_gtin(7)], ["0" + a_gtin(7)]], "DUPLICATE"),
    ((*V, "gtins"), [[each] for each in WRONG_GTINS], "INVALID"),
    ((*V, "options"), [[], SELECTED * 2, [{"name": "色", "value": "红"}]], "INVALID"),
    ((*V, "options", 0, "value"), ["中", "", LONG], "INVALID"),
    ((*V, "options", 0, "name"), ["规", "", LONG], "INVALID"),
    (("variants",), [[*variant(), {"sku": "NEW-T", "price": "1", "options": SELECTED}]], "DUPLICATE"),
    (("variants",), [variant() + variant()], "DUPLICATE"),
    (("variants",), [[
        *variant(gtins=[a_gtin(1)]),
        {"sku": "NEW-T", "price": "1", "gtins": [a_gtin(1)], "options": [{"name": "规格", "value": "大"}]},
    ]], "DUPLICATE"),
]  # fmt: skip
STORE_FAULTS: list[Fault] = [
    (("code",), CODES, "INVALID"),
    (("code",), ["PLATFORM", "NORTH"], "DUPLICATE"),
    (("name",), NAMES, "INVALID"),
    (("kind",), ["MOON"], TOP),
    (("organisationCode",), ["NOWHERE", "零", "x" * 30_000, ""], "NOT_FOUND"),
    (("organisationCode",), ["SHOP"], "INVALID"),
    (("phone",), ["p" * 33, BELL, "a\nb"], "INVALID"),
    (("address", "street"), ["", " ", "s" * 301, BELL, UNSEEN], "INVALID"),
    (("address", "city"), ["c" * 65, BELL], "INVALID"),
    (("address", "divisionCode"), ["２１", "x", "1" * 13], "INVALID"),
    (("position", "latitude"), [90.1, -91, HUGE, 1e300], "INVALID"),
    (("position", "longitude"), [180.1, -181], "INVALID"),
    (("position", "latitude"), ["41", True], TOP),
    (("hours", 0, "opens"), ["8:00", "25:00", "24:00", "", "08:00\n", "０８:00"], "INVALID"),
    (("hours", 0, "closes"), ["08:00", "8", "24:01"], "INVALID"),
    (("hours", 0, "weekday"), ["SOMEDAY"], TOP),
    (("hours",), [[{"weekday": "MONDAY", "opens": "08:00", "closes": "22:00"}] * 51], "INVALID"),
    (("deliveryRadiusMetres",), [0, -1, 1_000_001, HUGE - 1], "INVALID"),
    (("deliveryRadiusMetres",), [HUGE], TOP),
    (("services",), [["FLYING"]], TOP),
]
PRICE_FAULTS: list[Fault] = [
    (("sku",), CODES, "INVALID"),
    (("sku",), ["NOTHING", "old-s"], "NOT_FOUND"),
    (("price",), AMOUNTS[:-1], "INVALID"),
    (("price",), NO_AMOUNTS, TOP),
    (("listCode",), CODES, "INVALID"),
    (("listCode",), ["NOTHING"], "NOT_FOUND"),
    (("validFrom",), ["1969-12-31T23:59:59Z"], "INVALID"),
    (("validFrom",), ["tomorrow", "2026-11-11T00:00:00", "", "0001-01-01T00:00:00+14:00"], TOP),
    (("validTo",), ["2026-11-10T16:00:00Z"], "INVALID"),
]
STOCK_FAULTS: list[Fault] = [
    (("sku",), CODES, "INVALID"),
    (("sku",), ["NOTHING", "old-s"], "NOT_FOUND"),
    (("locationCode",), CODES, "INVALID"),
    (("locationCode",), ["NOTHING", "NORTH"], "NOT_FOUND"),
    (("quantity",), [-1, 1_000_001], "INVALID"),
    (("quantity",), [HUGE, "5", 1.5, None], TOP),
    (("compareQuantity",), [-1, 1_000_001], "INVALID"),
    (("compareQuantity",), [1], "STALE_VERSION"),
]


@dataclass(frozen=True)
class Case:
    """A mutation, the name of its rows, a sound row, one beside it, and what may be wrong with the first."""

    rows: str
    sound: dict[str, Any]
    beside: dict[str, Any]
    faults: list[Fault]
    keyed: bool = False

    def given(self, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
        key = {"idempotencyKey": new_key()} if self.keyed else {}
        return {self.rows: list(rows), **key, **more}


CASES = {
    "catalogUpsert": Case("products", product(), product("BESIDE"), PRODUCT_FAULTS),
    "storeUpsert": Case("stores", store(), store("BESIDE"), STORE_FAULTS),
    "priceSet": Case("rows", price(), price("OLD-L"), PRICE_FAULTS, keyed=True),
    "stockSet": Case("rows", level(), level("OLD-L"), STOCK_FAULTS, keyed=True),
}


# What a batch of one sound row leaves behind: the rows that are new or other than before, by one column.
DONE = {
    "catalogUpsert": [("product", "code", "BESIDE"), ("variant", "sku", "BESIDE-S")],
    "storeUpsert": [("location", "code", "BESIDE"), ("organisation", "code", "BESIDE")],
    "priceSet": [("price", "amount_minor", 880), ("price_change", "to_minor", 880)],
    "stockSet": [("stock_movement", "quantity", 5)],
}


def text(mutation: str) -> str:
    kind = mutation[0].upper() + mutation[1:]
    return (
        f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ "
        " results { index externalCode ok userErrors { code path message } }"
        " userErrors { code path message } } }"
    )


async def digest() -> dict[str, Any]:
    """Every row of every table that the API writes; the feed's numbering of its changes aside."""
    found: dict[str, Any] = {}
    for model in Tortoise.apps["models"].values():
        table = model._meta.db_table
        columns = "id" if table == "outbox_event" else "*"
        found[table] = await fetch(f"SELECT {columns} FROM {table} ORDER BY id")
    return found


async def opened(api: Api) -> Api:
    """A merchant with something in it."""
    admin = await api.staff()
    north = {"code": "NORTH", "name": "North", "kind": "REGION", "parentCode": "PLATFORM"}
    await admin.do(document("hq/organisation_upsert"), input=north)
    old = product("OLD", variants=[
        {"sku": "OLD-S", "price": "9.90", "gtins": [a_gtin(7)], "options": SELECTED},
        {"sku": "OLD-L", "price": "19.90", "options": [{"name": "规格", "value": "大"}]},
    ])  # fmt: skip
    await admin.do(text("catalogUpsert"), input={"products": [old]})
    await admin.do(text("storeUpsert"), input={"stores": [store("SHOP")]})
    lists = [{"code": "VIP", "name": "App", "kind": "CHANNEL", "key": "APP"}]
    await admin.do(document("erp/price_list_upsert"), input={"priceLists": lists})
    return admin


def spoilt(row: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    bad = copy.deepcopy(row)
    place: Any = bad
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return bad


def rows_with(case: Case, *codes: str) -> list[tuple[Path, dict[str, Any], str]]:
    """Each way to spoil the sound row, with the code that it is refused with."""
    return [
        (path, spoilt(case.sound, path, value), code)
        for path, values, code in case.faults
        for value in values
        if (code == TOP) is (TOP in codes)
    ]


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [table for table in before if before[table] != after[table]]


async def test_what_is_wrong_is_named_and_nothing_of_the_batch_is_done(api: Api) -> None:
    admin = await opened(api)
    before = await digest()
    for mutation, case in CASES.items():
        for path, bad, code in rows_with(case):
            given = case.given(case.beside, bad)
            payload = (await admin.ask(text(mutation), input=given))[mutation]
            errors, seen = payload["userErrors"], (mutation, path, str(payload)[:300])
            assert code in {each["code"] for each in errors}, seen
            places = [each["path"] for each in errors]
            assert all(place[:2] == [case.rows, "1"] for place in places), seen
            assert str(path[0]) in {place[2] for place in places}, seen
            assert max(len(each["message"]) for each in errors) < 300, seen
            assert [row["ok"] for row in payload["results"]] == [True, False], seen
        for path, bad, _ in rows_with(case, TOP):
            answer = await admin.send(text(mutation), input=case.given(case.beside, bad))
            codes = {each["extensions"]["code"] for each in answer["errors"]}
            assert codes == {"INVALID"}, (mutation, path, answer)
        assert differing(before, await digest()) == [], mutation


async def test_sound_rows_among_broken_ones_are_done_where_those_are_to_be_skipped(
    api: Api,
) -> None:
    admin = await opened(api)
    for mutation, case in CASES.items():
        rows = [bad for _, bad, _ in rows_with(case)]
        given = case.given(*rows, case.beside, onError="SKIP_FAILED")
        before = await digest()
        rehearsed = (await admin.ask(text(mutation), input={**given, "dryRun": True}))[mutation]
        assert differing(before, await digest()) == [], mutation
        done = (await admin.ask(text(mutation), input=given))[mutation]
        assert done == rehearsed
        assert [row["index"] for row in done["results"] if row["ok"]] == [len(rows)], mutation
        assert done["userErrors"] == []
        after = await digest()
        for table, column, value in DONE[mutation]:
            fresh = [row[column] for row in after[table] if row not in before[table]]
            assert fresh == [value], (mutation, table, fresh)


async def test_the_same_rows_again_change_and_announce_nothing(api: Api) -> None:
    admin = await opened(api)
    for mutation, case in CASES.items():
        rows = [{**row, "compareQuantity": None} if mutation == "stockSet" else row
                for row in (case.sound, case.beside)]  # fmt: skip
        given = case.given(*rows)
        await admin.do(text(mutation), input={**given, "dryRun": True})
        assert {row["ok"] for row in (await admin.do(text(mutation), input=given))["results"]} == {
            True
        }
        before = await digest()
        await admin.do(text(mutation), input=given)
        assert differing(before, await digest()) == [], mutation
        again = await admin.do(text(mutation), input={**given, **case.given(*rows)})
        assert {row["ok"] for row in again["results"]} == {True}
        assert set(differing(before, await digest())) <= {"idempotency_record"}, mutation
        if case.keyed:
            other = {**given, case.rows: rows[:1]}
            (error,) = await admin.refused(text(mutation), input=other)
            assert (error["code"], error["path"]) == ("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])


async def test_strangers_and_visitors_change_nothing(api: Api) -> None:
    admin = await opened(api)
    await admin.do(text("storeUpsert"), input={"stores": [store("FAR", organisationCode="NORTH")]})
    before = await digest()
    far, picker = await staff(admin, "FAR", "ADMIN"), await staff(admin, "PLATFORM", "PICKER")
    refused = {
        "catalogUpsert": "FORBIDDEN",
        "priceSet": "FORBIDDEN",
        "storeUpsert": "NOT_FOUND",
        "stockSet": "NOT_FOUND",
    }
    for mutation, case in CASES.items():
        for somebody, code in ((api, "UNAUTHENTICATED"), (picker, "FORBIDDEN")):
            answer = await somebody.send(text(mutation), input=case.given(case.sound))
            assert answer["errors"][0]["extensions"]["code"] == code, mutation
        answer = await far.send(text(mutation), input=case.given(case.sound))
        found = answer.get("errors") or answer["data"][mutation]["userErrors"]
        assert {each.get("code") or each["extensions"]["code"] for each in found} == {
            refused[mutation]
        }
    changed = set(differing(before, await digest()))
    assert changed <= {"staff", "staff_grant", "session", "known_origin", "outbox_event"}, changed
