from __future__ import annotations

import strawberry

from resolvers.batches import OnError
from resolvers.catalog.category_tree import CategoryDraft
from schema.batches import kept_if_unset


@strawberry.input(description="A category by its code.")
class CategoryUpsertRow:
    code: str
    name: str
    parent_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A category that is there or comes in the batch; null puts it at the top.",
    )

    def draft(self) -> CategoryDraft:
        return CategoryDraft(
            code=self.code, name=self.name, parent_code=kept_if_unset(self.parent_code)
        )


@strawberry.input
class CategoryUpsertInput:
    categories: list[CategoryUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
