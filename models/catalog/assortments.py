"""What is sold where: everything everywhere, until something is said otherwise.

A channel lists a product unless it is excluded from it. A place carries a variant unless its assortment
says no; one whose variant is selective carries it only if its assortment says yes.
"""

from __future__ import annotations

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, reference

# `p` is a product; the parameter is a channel. The first look is made once for all rows.
LISTED = (
    "(NOT EXISTS (SELECT 1 FROM channel_exclusion) OR NOT EXISTS (SELECT 1 FROM channel_exclusion x"
    " WHERE x.product_id = p.id AND x.channel = ?))"
)
# `l` has a variant_id and a location_id.
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
    """Whether a store or warehouse carries a variant, where that was said."""

    variant = reference("Variant")
    location = reference("Location")
    carried = fields.BooleanField()

    variant_id: int
    location_id: int

    class Meta:
        table = "assortment"
        unique_together = (("variant_id", "location_id"),)


class SelectiveVariant(Row):
    """A variant that only those places carry whose assortment says so."""

    variant = reference("Variant")

    variant_id: int

    class Meta:
        table = "selective_variant"
        unique_together = (("variant_id",),)
