"""What people see in a browser: where QR codes lead, the demo's pictures, the sandbox provider's pages."""

from __future__ import annotations

from starlette.routing import BaseRoute

from gateways import Gateways
from gateways.sandbox import SandboxPayments
from gateways.sandbox_pages import sandbox_routes
from schema.browser.demo_pictures import demo_pictures
from schema.browser.landing import landing_pages
from schema.transport.provider_notifications import receive
from settings import Settings


def browser_pages(settings: Settings, gateways: Gateways) -> list[BaseRoute]:
    landing = landing_pages(settings, gateways)
    return [*landing, *demo_pictures(settings), *_sandbox(settings, gateways)]


def _sandbox(settings: Settings, gateways: Gateways) -> list[BaseRoute]:
    """The pages of the sandbox provider, where there is one."""
    provider = gateways.payments.get("SANDBOX")

    async def tell(headers: dict[str, str], body: bytes) -> bool:
        return (await receive(settings, gateways, "SANDBOX", headers, body)).status == 200

    return sandbox_routes(provider, tell) if isinstance(provider, SandboxPayments) else []
