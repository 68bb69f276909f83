"""Files of rows for bulk operations, over the GraphQL multipart request or straight to the use case."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import count
from typing import Any

from models.integrations.bulk import BulkFormat, BulkKind, BulkOperation
from resolvers.batches import OnError
from resolvers.context import Context
from resolvers.integrations import bulk
from resolvers.integrations.bulk_files import UploadedFile, incoming
from tests.make.api import Api

_numbers = count(1)
FIELDS = (
    "{ bulkOperation { id status rowsTotal rowsDone rowsFailed created updated error resultsUrl"
    " errorsUrl } userErrors { code path message } }"
)
CREATE = (
    f"mutation($input: BulkOperationCreateInput!) {{ bulkOperationCreate(input: $input) {FIELDS} }}"
)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


async def upload(api: Api, name: str, content: str | bytes, **given: Any) -> Any:
    """The whole answer to `bulkOperationCreate` with this file."""
    variables = {"input": {"file": None, "idempotencyKey": f"bulk {next(_numbers)}", **given}}
    data = content.encode() if isinstance(content, str) else content
    response = await api.client.post(
        "/graphql",
        headers={**api.headers, "GraphQL-Preflight": "1"},
        files={
            "operations": (None, json.dumps({"query": CREATE, "variables": variables})),
            "map": (None, '{"0": ["variables.input.file"]}'),
            "0": (name, data),
        },
    )
    return response.json()


async def a_bulk_operation(
    ctx: Context, kind: BulkKind, content: str, **options: Any
) -> BulkOperation:
    """An operation that waits for a worker."""
    data = content.encode()
    path = incoming(ctx.settings) / f"upload {next(_numbers)}"
    path.write_bytes(data)
    uploaded = UploadedFile(path, "rows", len(data), sha256(data).hexdigest())
    given: dict[str, Any] = {
        "form": BulkFormat.CSV,
        "on_error": OnError.SKIP_FAILED,
        "dry_run": False,
        "idempotency_key": f"bulk {next(_numbers)}",
        **options,
    }
    return await bulk.create(ctx, bulk.BulkDraft(kind=kind, file=uploaded, **given))
