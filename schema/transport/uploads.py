"""Who may bring files, and where they are put while a request lasts."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request

from models.errors import NotSignedIn, PermissionDenied
from resolvers.context import ActorKind
from resolvers.integrations.bulk.storage import incoming
from schema.context import ContextFactory
from schema.transport.multipart import Uploads
from settings import Settings


def uploads_of(settings: Settings, make_context: ContextFactory) -> Uploads:
    async def admit(request: Request) -> None:
        """Only staff and machines: nobody else has a use for files, and a disk is soon full.

        Raises: NotSignedIn, PermissionDenied.
        """
        ctx = await make_context(request, None)
        if ctx.actor.kind is ActorKind.ANONYMOUS:
            raise NotSignedIn
        if not ctx.actor.permissions:
            raise PermissionDenied("Only staff and API clients may upload files.")

    return Uploads(partial(incoming, settings), settings.upload_limit_bytes, admit)
