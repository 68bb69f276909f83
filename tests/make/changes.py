"""Changes as a client of the ERP reads and follows them."""

from __future__ import annotations

from typing import Any

from tests.make.api import Api
from tests.make.documents import document

CHANGES = (
    "query($after: String, $types: [Topic!], $organisationCode: String, $first: Int)"
    " { changes(filter: { types: $types, organisationCode: $organisationCode }, after: $after,"
    " first: $first) { edges { cursor node"
    " { sequence type nodeId occurredAt actor { __typename } node { id __typename } } }"
    " pageInfo { hasNextPage endCursor } } }"
)
FOLLOW = (
    "subscription($types: [Topic!], $after: BigInt) { changes(types: $types, after: $after)"
    " { sequence type node { ... on StockLevel { available } } } }"
)


async def erp_of(admin: Api, organisation_code: str) -> Api:
    client = await admin.do(
        document("hq/api_client_create"),
        input={
            "name": "ERP",
            "scopes": ["CHANGES_READ", "STOCK_READ", "STOCK_WRITE"],
            "organisationCode": organisation_code,
        },
    )
    return admin.as_(client["secret"])


async def pages(api: Api, **variables: Any) -> list[dict[str, Any]]:
    found, after = [], None
    while True:
        page = (await api.ask(CHANGES, after=after, **variables))["changes"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
