"""Errors without "Did you mean": suggestions tell names of a schema that is not for strangers."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from graphql import GraphQLError

from schema.operations.hooks import FormatError

C = TypeVar("C")

_SUGGESTION = re.compile(r"\s*Did you mean .*\?", re.DOTALL)


def without_suggestions(format_error: FormatError[C]) -> FormatError[C]:
    """The same formatting; messages of graphql-core end before their suggestion."""

    def format_briefly(error: GraphQLError, context: C | None) -> dict[str, Any]:
        formatted = format_error(error, context)
        if error.original_error is None:
            formatted["message"] = _SUGGESTION.sub("", formatted["message"])
        return formatted

    return format_briefly
