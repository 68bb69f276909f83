"""An input of which exactly one field may be given: what else is given is the client's mistake."""

from __future__ import annotations

import pytest

from tests.make.api import Api

REVOKE = """mutation($input: SessionRevokeInput!) {
  sessionRevoke(input: $input) { userErrors { code } } }"""


@pytest.mark.parametrize("given", [{}, {"allOthers": True, "staffId": "x"}, {"allOthers": None}])
async def test_another_number_of_fields_is_refused_as_a_mistake(api: Api, given: dict) -> None:
    admin = await api.staff()
    response = await admin.client.post(
        "/graphql",
        json={"query": REVOKE, "variables": {"input": given}},
        headers={**admin.headers, "Accept": "application/graphql-response+json"},
    )
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "INVALID")
    assert "data" not in response.json()
