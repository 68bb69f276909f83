"""Whom an order goes to, and where, as far as the caller may know."""

from __future__ import annotations

import strawberry

from resolvers.orders.contacts import Recipient
from schema.geography import Address


@strawberry.type(description="Somebody to call; masked for whoever may not read it.")
class Contact:
    name: str = strawberry.field(description="Their name; its first character where it is masked.")
    phone: str | None = strawberry.field(
        description="Their phone; its beginning and end where it is masked."
    )

    @classmethod
    def optional(cls, found: Recipient) -> Contact | None:
        return cls(name=found.name, phone=found.phone) if found.name else None


def address_of(found: Recipient) -> Address | None:
    return Address.of(found.address) if found.address else None
