"""Parsing, validating and compiling documents before somebody asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from graphql import OperationDefinitionNode

from models.text.phone_numbers import mobile_number
from schema.messages import LANGUAGES, catalogue
from schema.operations.documents.documents import DocumentRefused
from schema.operations.operations import Operations

log = structlog.get_logger(__name__)

A_NUMBER = "+8613800138000"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def known_documents(operations: Operations[Any]) -> list[str]:
    """What clients will ask: the trusted documents, else the examples that come with the code."""
    if trusted := operations.persisted.trusted.texts:
        return sorted(trusted)
    return [file.read_text(encoding="utf-8") for file in sorted(EXAMPLES.glob("*/*.graphql"))]


async def warm(operations: Operations[Any], documents: Iterable[str]) -> None:
    """Prepare one document after the other; those that the schema refuses are logged."""
    _load()
    for text in documents:
        try:
            document = operations.documents.prepare(text).document
        except DocumentRefused as refused:
            log.warning("a known document is refused", document=text[:100], reason=str(refused))
            continue
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else None
                operations.execute.compile(document, name)
        await asyncio.sleep(0)  # whoever asks meanwhile waits for one document, not for all


def _load() -> None:
    """Load what is loaded when it is needed first, so that no request is the first."""
    mobile_number(A_NUMBER)
    for language in LANGUAGES:
        catalogue(language)
