from __future__ import annotations

import strawberry

from resolvers.context import Context

# What every resolver is given: `info.context` is the context of the use cases.
Info = strawberry.Info[Context, None]
