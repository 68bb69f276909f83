"""Customers and staff who sign in over HTTP."""

from __future__ import annotations

import itertools
from typing import Any

from tests.make.api import Api
from tests.make.documents import document

_numbers = itertools.count(1)


async def sign_in(api: Api, phone: str, **more: Any) -> Api:
    """The member with this phone; `name` and `referralToken` as the mutation takes them."""
    visitor = api.as_(None)
    await visitor.do(document("phone/code_request"), phone=phone)
    given = {"phone": phone, "code": visitor.codes_sent()[-1]["code"], **more}
    payload = await visitor.do(document("phone/member_sign_in"), input=given)
    return visitor.as_(payload["accessToken"])


async def staffed_store(admin: Api, code: str, role: str) -> Api:
    """A new store and somebody who works there."""
    store = {"code": code, "name": f"Store {code}", "address": {"street": "太原街1号"}}
    await admin.do(document("erp/store_upsert"), input={"stores": [store]})
    return await staff(admin, code, role)


async def staff(admin: Api, organisation_code: str, role: str) -> Api:
    username = f"person{next(_numbers)}"
    given = {
        "username": username,
        "password": "a-long-password",
        "name": "Li Lei",
        "grants": [{"role": role, "organisationCode": organisation_code}],
    }
    await admin.do(document("hq/staff_create"), input=given)
    return await admin.as_(None).staff(username, "a-long-password")
