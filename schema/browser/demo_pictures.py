"""The pictures of the demo chain's products: `/demo/pictures/MILK.svg`, outside production."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from resolvers.demo import pictures
from settings import Settings

HEADERS = {
    "content-security-policy": "default-src 'none'",
    "cache-control": "public, max-age=86400",
    "x-content-type-options": "nosniff",
}


def demo_pictures(settings: Settings) -> list[BaseRoute]:
    async def picture(request: Request) -> Response:
        drawn = pictures.picture_of(request.path_params["code"])
        if drawn is None:
            return Response(status_code=404)
        return Response(drawn, media_type="image/svg+xml", headers=HEADERS)

    return [] if settings.is_production else [Route(f"{pictures.PATH}/{{code}}.svg", picture)]
