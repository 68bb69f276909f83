"""The messages of refusals in the caller's language; English templates are the keys of `locale/zh/*.po`."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from models.errors import QuintetError

CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "zh")
LONGEST_MESSAGE = 500
LONGEST_PART = 200


def translate(error: QuintetError, language: str) -> str:
    return translated(error.template, language, **error.parts)


def translated(template: str, language: str, **parts: object) -> str:
    """The template in the language, its named parts filled in."""
    shown = {name: _shortened(part) for name, part in parts.items()}
    return cut(catalogue(language).get(template, template).format(**shown))


def cut(message: str) -> str:
    """A message that says no more than it must of what somebody sent."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


def _shortened(part: object) -> object:
    is_long = isinstance(part, str) and len(part) > LONGEST_PART
    return f"{str(part)[: LONGEST_PART - 1]}…" if is_long else part


@lru_cache(maxsize=1024)
def preferred_language(accept_language: str, default: str) -> str:
    """The first language of an Accept-Language header, by weight, that we speak.

    Source: RFC 9110, section 12.5.4.
    """
    choices: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().split("-")[0].lower()
        if language in LANGUAGES:
            choices.append((-_weight(parameters), position, language))
    choices.sort()
    return choices[0][2] if choices and choices[0][0] < 0 else default


@cache
def catalogue(language: str) -> dict[str, str]:
    """Template → translation, of every room; empty for English, whose templates are their own text."""
    from babel.messages.pofile import read_po  # takes long to load

    translations: dict[str, str] = {}
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            entries = read_po(file, locale=language)
        translations.update(
            (str(each.id), str(each.string)) for each in entries if each.id and each.string
        )
    return translations


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
