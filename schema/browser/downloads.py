"""Files that are fetched by a signed link, at `/files/bulk/{id}/{name}`."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from models.integrations.bulk import BulkOperation
from models.text.digits import whole_number
from resolvers.context import Context, utc_now
from resolvers.integrations.bulk.storage import errors_of, results_of
from settings import Settings

FILES = {
    "results.jsonl": (results_of, "application/x-ndjson"),
    "errors.csv": (errors_of, "text/csv; charset=utf-8"),
}
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}


def signed_link(ctx: Context, operation: BulkOperation, name: str, life: timedelta) -> str | None:
    """A link that whoever has it may follow until it runs out; None while there is nothing to fetch."""
    written = operation.error_bytes if name == "errors.csv" else operation.result_bytes
    if not written:
        return None
    expires = int((ctx.now() + life).timestamp())
    path = f"/files/bulk/{operation.id}/{name}"
    signature = ctx.settings.keys.sign("link", f"{path} {expires}")
    return f"{ctx.settings.base_url}{path}?expires={expires}&signature={signature}"


def download_routes(settings: Settings) -> list[BaseRoute]:
    async def download(request: Request) -> Response:
        name, row_id = request.path_params["name"], whole_number(request.path_params["id"])
        if not _is_signed(settings, request) or name not in FILES or row_id is None:
            return PlainTextResponse("This link is not good, or no longer.", 403)
        operation = await BulkOperation.filter(id=row_id).first()
        find, media_type = FILES[name]
        path = find(settings, operation) if operation else None
        if path is None or not path.exists():
            return PlainTextResponse("There is no such file any more.", 404)
        return FileResponse(path, media_type=media_type, filename=name, headers=HEADERS)

    return [Route("/files/bulk/{id}/{name}", download, methods=["GET"])]


def _is_signed(settings: Settings, request: Request) -> bool:
    expires = request.query_params.get("expires", "")
    moment = whole_number(expires)
    if moment is None or moment < utc_now().timestamp():
        return False
    given = request.query_params.get("signature", "")
    return settings.keys.verify("link", f"{request.url.path} {expires}", given)
