"""A shop with files, to be backed up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from models import database as db
from settings import Settings


@asynccontextmanager
async def stopped(settings: Settings) -> AsyncIterator[None]:
    """Nobody is connected to the database meanwhile."""
    await db.close()
    try:
        yield
    finally:
        await db.connect(settings.database_url)


def a_file(settings: Settings, name: str, text: str | None = None) -> None:
    """A file whose text is by default the folder it belongs to."""
    place = Path(settings.files_folder) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text or settings.files_folder)


def texts_below(folder: Path) -> dict[str, str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_text() for each in files}
