"""Which channel lists a product and which location carries a variant; by default all do.

A channel lists every product that is not excluded from it. A location carries every variant unless its
assortment excludes it; it carries a selective variant only if its assortment includes it.
"""

from __future__ import annotations

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, reference

# `p` is a product; the parameter is a channel. The database evaluates the first condition once for all rows.
LISTED = (
    "(NOT EXISTS (SELECT 1 FROM channel_exclusion) OR NOT EXISTS (SELECT 1 FROM channel_exclusion x"
    " WHERE x.product_id = p.id AND x.channel = ?))"
)
# `l` has the columns variant_id and location_id.
CARRIED = (
    "((NOT EXISTS (SELECT 1 FROM assortment) AND NOT EXISTS (SELECT 1 FROM selective_variant))"
    " OR COALESCE((SELECT a.carried FROM assortment a"
    " WHERE a.variant_id = l.variant_id AND a.location_id = l.location_id),"
    " NOT EXISTS (SELECT 1 FROM selective_variant s WHERE s.variant_id = l.variant_id)))"
)


class ChannelExclusion(Row):
    """A product that a channel does not list."""

    product = reference("Product")
    channel = choice(Channel)

    product_id: int

    class Meta:
        table = "channel_exclusion"
        unique_together = (("product_id", "channel"),)


class Assortment(Row):
    """Whether a location carries a variant, where an explicit decision exists."""

    variant = reference("Variant")
    location = reference("Location")
    carried = fields.BooleanField()

    variant_id: int
    location_id: int

    class Meta:
        table = "assortment"
        unique_together = (("variant_id", "location_id"),)


class SelectiveVariant(Row):
    """A variant that only those locations carry whose assortment includes it."""

    variant = reference("Variant")

    variant_id: int

    class Meta:
        table = "selective_variant"
        unique_together = (("variant_id",),)
