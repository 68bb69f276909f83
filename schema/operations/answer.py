"""A GraphQL response, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

Outcome = Literal["ok", "error", "refused"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL response; `executed` is false when it was refused before any field ran.

    `cost`: what was counted while it was made; None if nothing counted.
    """

    body: dict[str, Any]
    executed: bool
    cost: int | None = None

    @property
    def outcome(self) -> Outcome:
        if not self.executed:
            return "refused"
        return "error" if "errors" in self.body else "ok"

    def json(self, extensions: dict[str, Any] | None = None) -> bytes:
        """Return the body as JSON, with more `extensions`."""
        return orjson.dumps(self.extended(extensions).body)

    def extended(self, extensions: dict[str, Any] | None) -> Answer:
        """Return the answer with more `extensions`."""
        if not extensions:
            return self
        more = {**self.body.get("extensions", {}), **extensions}
        return Answer({**self.body, "extensions": more}, self.executed, self.cost)
