"""The scalars of the contract and how Python types stand for them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as PythonDecimal
from decimal import InvalidOperation
from typing import NewType

import strawberry
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.scalar import ScalarDefinition

from resolvers.integrations.bulk.storage import UploadedFile

BigInt = NewType("BigInt", int)
Upload = NewType("Upload", object)
LONGEST_DECIMAL = LONGEST_MOMENT = 64


def _parse_decimal(value: object) -> PythonDecimal:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError('A Decimal is given as a string such as "12.50".')
    try:
        if len(text := str(value)) > LONGEST_DECIMAL:
            raise InvalidOperation
        number = PythonDecimal(text)
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a Decimal.") from None
    if not number.is_finite() or abs(number.adjusted()) > 30 or len(number.as_tuple().digits) > 30:
        raise ValueError(f"{str(value)[:40]!r} is not a Decimal of reasonable size.")
    return number


def _parse_datetime(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("A DateTime is given as an ISO 8601 string with an offset.")
    try:
        moment = datetime.fromisoformat(_short(value))
    except ValueError:
        raise ValueError(f"{value[:40]!r} is not a DateTime.") from None
    if moment.tzinfo is None:
        raise ValueError(f"{value[:40]!r} lacks an offset: write it as 2026-01-31T08:00:00+08:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value[:40]!r} lies outside the calendar.") from None


def _serialise_datetime(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _parse_date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("A Date is given as a string such as 2026-01-31.")
    try:
        return date.fromisoformat(_short(value))
    except ValueError:
        raise ValueError(f"{value[:40]!r} is not a Date.") from None


def _short(text: str) -> str:
    """Raises: ValueError for what is longer than any moment is written."""
    if len(text) > LONGEST_MOMENT:
        raise ValueError
    return text


def _parse_big_int(value: object) -> int:
    text = str(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, str | int)
        or not (text.isascii() and text.removeprefix("-").isdigit())
    ):
        raise ValueError(f"{text[:40]!r} is not a whole number.")
    number = int(text) if len(text) <= len(str(-(2**63))) else 2**63
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{text[:40]} does not fit into 64 bits.")
    return number


def _parse_upload(value: object) -> object:
    if not isinstance(value, UploadedFile):
        raise ValueError("A file is sent by a multipart request, with null in its place.")
    return value


def _serialise_upload(value: object) -> str:
    raise ValueError("A file is never answered.")


SCALARS: dict[object, ScalarDefinition] = {
    **DEFAULT_SCALAR_REGISTRY,
    PythonDecimal: strawberry.scalar(
        name="Decimal",
        specified_by_url="https://www.w3.org/TR/xmlschema-2/#decimal",
        description='Exact, as a string: "12.50". Never a float.',
        serialize=str,
        parse_value=_parse_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        description="ISO 8601 with offset; answered in UTC.",
        serialize=_serialise_datetime,
        parse_value=_parse_datetime,
    ),
    date: strawberry.scalar(
        name="Date",
        specified_by_url="https://www.w3.org/TR/xmlschema-2/#date",
        description="An ISO 8601 day.",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        description="A file, by the GraphQL multipart request specification.",
        serialize=_serialise_upload,
        parse_value=_parse_upload,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        specified_by_url="https://www.w3.org/TR/xmlschema-2/#long",
        description="A whole number that may pass 2^31, as a string.",
        serialize=str,
        parse_value=_parse_big_int,
    ),
}
