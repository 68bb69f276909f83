from __future__ import annotations

from typing import Any

from models.catalog.classification import Category
from models.database import fetch
from tests.make.api import Api
from tests.make.documents import document

UPSERT = document("erp/category_upsert")


def rows(*given: tuple[str, ...], **options: Any) -> dict[str, Any]:
    """(code, name), or (code, name, parent): an empty parent is the top."""
    categories = [
        {"code": each[0], "name": each[1], **({"parentCode": each[2] or None} if each[2:] else {})}
        for each in given
    ]
    return {"input": {"categories": categories, **options}}


async def tree() -> dict[str, tuple[str, str | None]]:
    found = await Category.all().prefetch_related("parent")
    return {each.code: (each.name, each.parent.code if each.parent else None) for each in found}


async def topics() -> list[str]:
    return [row["topic"] for row in await fetch("SELECT topic FROM outbox_event ORDER BY id")]


async def test_a_tree_comes_in_any_order_and_the_same_again_changes_nothing(api: Api) -> None:
    erp = await api.staff()
    given = rows(("TEE", "T恤", "TOPS"), ("TOPS", " 上装 ", "WEAR"), ("WEAR", "服装"))
    payload = await erp.do(UPSERT, **given)
    assert (payload["created"], payload["updated"], payload["userErrors"]) == (3, 0, [])
    assert await tree() == {
        "TEE": ("T恤", "TOPS"),
        "TOPS": ("上装", "WEAR"),
        "WEAR": ("服装", None),
    }
    assert await topics() == ["category.changed"] * 3
    payload = await erp.do(UPSERT, **given)
    assert (payload["created"], payload["updated"]) == (0, 0)
    assert len(await topics()) == 3
    # The two change places in one batch; a name alone leaves its category where it is.
    payload = await erp.do(
        UPSERT, **rows(("WEAR", "服装", "TOPS"), ("TOPS", "上装", ""), ("TEE", "短袖"))
    )
    assert (payload["created"], payload["updated"]) == (0, 3)
    assert await tree() == {
        "TEE": ("短袖", "TOPS"),
        "TOPS": ("上装", None),
        "WEAR": ("服装", "TOPS"),
    }


async def test_faulty_rows_are_named_and_change_nothing(api: Api) -> None:
    erp = await api.staff()
    await erp.do(UPSERT, **rows(("A", "甲"), ("B", "乙", "A")))
    before, told = await tree(), await topics()
    faulty = rows(
        ("A", "甲", "C"), ("C", "丙", "B"), ("D", "丁", "NONE"), ("E", ""), ("F!", "己"), ("C", "x")
    )
    payload = (await erp.send(UPSERT, **faulty))["data"]["categoryUpsert"]
    assert {(each["code"], ".".join(each["path"])) for each in payload["userErrors"]} == {
        ("INVALID", "categories.0.parentCode"),
        ("NOT_FOUND", "categories.2.parentCode"),
        ("INVALID", "categories.3.name"),
        ("INVALID", "categories.4.code"),
        ("DUPLICATE", "categories.5.code"),
    }
    assert (await tree(), await topics()) == (before, told)
    payload = await erp.do(UPSERT, **rows(("Z", "新"), dryRun=True))
    assert (payload["created"], await tree()) == (1, before)
    payload = await erp.do(UPSERT, input={**faulty["input"], "onError": "SKIP_FAILED"})
    assert (payload["created"], payload["updated"]) == (1, 0)
    assert await tree() == {**before, "C": ("丙", "B")}


async def test_only_who_writes_the_catalogue_may(api: Api) -> None:
    answer = await (await api.guest()).send(UPSERT, **rows(("A", "甲")))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await tree() == {}
