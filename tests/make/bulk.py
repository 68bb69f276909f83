"""Files of rows for bulk operations, over the GraphQL multipart request or straight to the use case."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from itertools import count
from typing import Any

from models.integrations.bulk import BulkFormat, BulkKind, BulkOperation
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.integrations.bulk import operations as bulk_operations
from resolvers.integrations.bulk import storage as bulk_storage
from resolvers.integrations.bulk.running import run_due
from resolvers.integrations.bulk.storage import UploadedFile, incoming
from schema.integrations.bulk_rows import draft_of
from schema.messages import translate
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
    ctx: Context, kind: BulkKind, content: str | bytes, **options: Any
) -> BulkOperation:
    """An operation that waits for a worker."""
    data = content.encode() if isinstance(content, str) else content
    path = incoming(ctx.settings) / f"upload {next(_numbers)}"
    path.write_bytes(data)
    uploaded = UploadedFile(path, options.pop("name", "rows"), len(data), sha256(data).hexdigest())
    given: dict[str, Any] = {
        "form": BulkFormat.CSV,
        "on_error": OnError.SKIP_FAILED,
        "dry_run": False,
        "idempotency_key": f"bulk {next(_numbers)}",
        **options,
    }
    return await bulk_operations.create(
        ctx, bulk_operations.BulkDraft(kind=kind, file=uploaded, **given)
    )


async def ended(ctx: Context, operation: BulkOperation) -> BulkOperation:
    """The operation when a worker is done with it."""
    assert await run_due(ctx, draft_of, translate) == 1
    return await BulkOperation.get(id=operation.id)


def results(ctx: Context, operation: BulkOperation) -> list[dict[str, Any]]:
    text = bulk_storage.results_of(ctx.settings, operation).read_text()
    return [json.loads(line) for line in text.splitlines()]


def errors(ctx: Context, operation: BulkOperation) -> list[dict[str, str]]:
    text = bulk_storage.errors_of(ctx.settings, operation).read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))
