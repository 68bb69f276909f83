"""Lists that are no connections are cut at `first`, and go on after a code."""

from __future__ import annotations

import pytest

from models.accounts.organisations import Organisation
from models.catalog.classification import Brand, Category
from resolvers.accounts.identity import first_merchant
from tests.make.api import Api

SLICES = [
    ("categories{} {{ code }}", "categories"),
    ("brands{} {{ code }}", "brands"),
    ('of: category(code: "TOP") {{ children{} {{ code }} }}', "children"),
    ('of: organisation(code: "TOP") {{ children{} {{ code }} }}', "children"),
]


async def grown(api: Api) -> Api:
    """260 of each below another of each, and as many beside it."""
    merchant = await first_merchant()
    named = {"merchant_id": merchant, "name": "x"}
    codes = [f"C{number:03}" for number in range(260)]
    region = {**named, "kind": "REGION"}
    node = await Organisation.create(code="TOP", path="", **region)
    await Organisation.bulk_create(
        Organisation(code=code, path="", parent_id=node.id, **region) for code in codes
    )
    top = await Category.create(code="TOP", **named)
    await Category.bulk_create(Category(code=code, **named) for code in [f"{c}A" for c in codes])
    await Category.bulk_create(Category(code=code, parent_id=top.id, **named) for code in codes)
    await Brand.bulk_create(Brand(code=code, **named) for code in codes)
    return await api.staff()


@pytest.mark.parametrize(("field", "name"), SLICES)
async def test_lists_are_cut_and_go_on(api: Api, field: str, name: str) -> None:
    admin = await grown(api)

    async def codes(arguments: str) -> list[str]:
        answer = await admin.ask("{ " + field.format(arguments) + " }")
        return [each["code"] for each in (answer.get("of") or answer)[name]]

    most = await codes("(first: 250)")
    assert len(most) == 250
    assert most == sorted(most)
    assert len(await codes("")) in (50, 250)
    assert await codes("(first: 3)") == most[:3]
    assert await codes(f'(first: 3, afterCode: "{most[4]}")') == most[5:8]
    assert await codes("(first: 0)") == []
    for wrong in (-1, 251):
        (error,) = (await admin.send("{ " + field.format(f"(first: {wrong})") + " }"))["errors"]
        assert error["extensions"]["code"] == "INVALID"
        assert "first must lie between 0 and 250" in error["message"]
