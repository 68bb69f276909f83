"""An empty installation becomes a chain by the steps of `docs/first-steps.md`, as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from models.accounts.clients import Storefront
from models.accounts.organisations import Organisation
from models.accounts.staff import Staff
from tests.make.api import Api

ROOT = Path(__file__).parents[2]
STEP = re.compile(
    r"\(\.\./(examples/\w+/\w+\.graphql)\).*?^```json\n(.*?)^```", re.MULTILINE | re.DOTALL
)


async def test_the_steps_of_the_page_make_a_chain(api: Api) -> None:
    page = (ROOT / "docs" / "first-steps.md").read_text(encoding="utf-8")
    (sign_in, _), *steps = STEP.findall(page)
    assert sign_in == "examples/hq/sign_in.graphql"
    asking, secret = await api.staff(), ""
    for path, variables in steps:
        text, given = (ROOT / path).read_text(encoding="utf-8"), json.loads(variables)
        done = await asking.do(text, **given)
        person = given["input"]
        if path.endswith("staff_create.graphql") and person["grants"][0]["role"] == "ADMIN":
            asking = await api.staff(person["username"], person["password"])
        secret = done.get("secret") or secret
    assert len(steps) == 7
    codes = await Organisation.all().order_by("id").values_list("code", flat=True)
    assert codes == ["PLATFORM", "ACME", "NORTH", "S01"]
    assert await Staff.filter(username="first-guide").exists()
    assert await Storefront.filter(channel="WECHAT").exists()
    stock = await api.as_(secret).ask("{ viewer { permissions } }")
    assert "STOCK_WRITE" in stock["viewer"]["permissions"]
