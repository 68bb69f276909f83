from __future__ import annotations

import strawberry

from resolvers.bulk_rows import OnError
from resolvers.catalog.classification.brands import BrandDraft
from schema.batches import kept_if_unset
from schema.catalog.inputs import MediaInput, draft_unless_unset


@strawberry.input(description="A brand by its code. What is left out stays as it is.")
class BrandUpsertRow:
    code: str
    name: str
    logo: MediaInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The picture that it is known by; null takes it away.",
    )
    story: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What customers read about it, at most 20,000 characters; null takes it away.",
    )

    def draft(self) -> BrandDraft:
        return BrandDraft(
            code=self.code,
            name=self.name,
            logo=draft_unless_unset(self.logo),
            story=kept_if_unset(self.story),
        )


@strawberry.input
class BrandUpsertInput:
    brands: list[BrandUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
