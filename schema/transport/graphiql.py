"""GraphiQL, with every file served by ourselves: elsewhere a CDN may be slow or blocked."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).parents[1] / "static" / "graphiql"
ASSETS_PATH = "/graphiql"

# Nothing but our own files runs or is fetched. Inline styles are allowed because GraphiQL's
# components set them; inline scripts are not.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

EXAMPLE = """\
# Three products and what may still be bought of each, in every channel alike.
{
  products(first: 3) {
    edges {
      node {
        name
        variants { sku price { amount currency } available }
      }
    }
  }
}
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/graphiql.min.css">
<link rel="stylesheet" href="{assets}/graphiql-start.css">
</head>
<body>
<div id="graphiql" data-endpoint="{endpoint}" data-example="{example}"></div>
<script src="{assets}/react.production.min.js"></script>
<script src="{assets}/react-dom.production.min.js"></script>
<script src="{assets}/graphiql.min.js"></script>
<script src="{assets}/graphiql-start.js"></script>
</body>
</html>
"""


def graphiql_page(endpoint: str, example: str = EXAMPLE, root_path: str = "") -> Response:
    """The page for one endpoint; `root_path` is where a proxy has mounted the application."""
    page = _PAGE.format(
        assets=escape(root_path + ASSETS_PATH), endpoint=escape(endpoint), example=escape(example)
    )
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept",
    }
    return HTMLResponse(page, headers=headers)


def graphiql_assets() -> StaticFiles:
    return StaticFiles(directory=ASSETS)
