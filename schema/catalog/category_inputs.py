from __future__ import annotations

import strawberry

from resolvers.bulk_rows import OnError
from resolvers.catalog.classification.category_tree import CategoryDraft
from schema.batches import kept_if_unset
from schema.catalog.inputs import MediaInput, draft_unless_unset


@strawberry.input(description="A category by its code.")
class CategoryUpsertRow:
    code: str
    name: str
    parent_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A category that is there or comes in the batch; null puts it at the top.",
    )
    image: MediaInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The picture that it is shown with; null takes it away.",
    )
    position: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where it stands among its siblings, the lowest first, from 0; null is 0.",
    )

    def draft(self) -> CategoryDraft:
        return CategoryDraft(
            code=self.code,
            name=self.name,
            parent_code=kept_if_unset(self.parent_code),
            image=draft_unless_unset(self.image),
            position=kept_if_unset(self.position),
        )


@strawberry.input
class CategoryUpsertInput:
    categories: list[CategoryUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
