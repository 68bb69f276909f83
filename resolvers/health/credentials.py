"""Check of who gets in: the demo's credentials are in the source code."""

from __future__ import annotations

from resolvers.context import Context
from resolvers.demo.credentials import MEND_DEMO, public_credentials, sentence_of
from resolvers.health.findings import Finding, error, ok


async def demo(ctx: Context) -> Finding:
    found = await public_credentials(ctx.settings)
    if not found:
        return ok("demo", "Nobody gets in by the demo's credentials.")
    if ctx.settings.is_production:
        return error("demo", sentence_of(found), MEND_DEMO)
    return ok("demo", "The demo's credentials let people in, which only development may.")
