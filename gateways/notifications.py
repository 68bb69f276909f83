"""Parsing of a payment provider's notification after its signature is verified.

A verified body is still untrusted input: a defect of the provider or a stolen key may put anything into it.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, NoReturn

import orjson

from gateways.payments import Notification, UnreadableNotification
from models.money import MAX_MINOR

REFERENCE_LENGTH = 32
PROVIDER_REFERENCE_LENGTH = 64
CURRENCY_LENGTH = 3
_NAMES = frozenset(each.name for each in fields(Notification)) - {"payer_id"}


def read_notification(body: bytes) -> Notification:
    """Parse the JSON object of a notification, field by field. Raises: UnreadableNotification."""
    said = read_object(body)
    if said.keys() != _NAMES:
        raise UnreadableNotification("the notification has other fields than it must have")
    return Notification(
        reference=_text(said, "reference", REFERENCE_LENGTH),
        provider_reference=_text(said, "provider_reference", PROVIDER_REFERENCE_LENGTH),
        succeeded=_flag(said, "succeeded"),
        amount_minor=_amount(said, "amount_minor"),
        currency=_text(said, "currency", CURRENCY_LENGTH),
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Return the one JSON object of a UTF-8 body, with every number exact.

    Raises: UnreadableNotification for anything else, a repeated name or a number that is no integer.
    """
    try:
        # orjson is strict (UTF-8, no NaN, bounded depth) but rounds long integers; json is exact.
        orjson.loads(body)
        found = json.loads(
            body,
            object_pairs_hook=_unique,
            parse_float=_no_integer,
            parse_constant=_no_integer,
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableNotification("the notification is no JSON of its kind") from error
    if not isinstance(found, dict):
        raise UnreadableNotification("the notification is no JSON object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableNotification("the notification names a field twice")
    return found


def _no_integer(text: str) -> NoReturn:
    raise UnreadableNotification("the notification has a number that is no integer")


def _text(said: dict[str, Any], name: str, longest: int) -> str:
    value = said[name]
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise UnreadableNotification(f"{name} must be a text of 1 to {longest} characters")
    return value


def _flag(said: dict[str, Any], name: str) -> bool:
    value = said[name]
    if not isinstance(value, bool):
        raise UnreadableNotification(f"{name} must be true or false")
    return value


def _amount(said: dict[str, Any], name: str) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MINOR:
        raise UnreadableNotification(f"{name} must be an integer from 0 to {MAX_MINOR}")
    return value
