"""What a client asks for: one operation, however it came."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class GraphQLRequest:
    """`query` may be missing where `document_id` or `extensions.persistedQuery` names a document."""

    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    _variables_json: bytes | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def variables_json(self) -> bytes | None:
        """The variables as JSON, equal for equal ones in any order; written once.

        None for what is nested deeper than JSON is written: no field takes it.
        """
        if self._variables_json is None:
            with suppress(orjson.JSONEncodeError):
                self._variables_json = orjson.dumps(
                    self.variables, default=repr, option=orjson.OPT_SORT_KEYS
                )
        return self._variables_json
