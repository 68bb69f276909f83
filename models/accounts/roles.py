"""The permissions of each role.

A role is granted on a node of the organisation tree and holds for the whole subtree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING


class Permission(StrEnum):
    """A right that a use case requires. The scopes of API clients have the same names."""

    ORGANISATION_WRITE = "ORGANISATION_WRITE"
    STAFF_WRITE = "STAFF_WRITE"
    API_CLIENT_WRITE = "API_CLIENT_WRITE"
    STOREFRONT_WRITE = "STOREFRONT_WRITE"
    STORE_WRITE = "STORE_WRITE"
    CATALOG_READ = "CATALOG_READ"
    CATALOG_WRITE = "CATALOG_WRITE"
    STOCK_READ = "STOCK_READ"
    STOCK_WRITE = "STOCK_WRITE"
    STOCK_COST_READ = "STOCK_COST_READ"
    TRANSFER_WRITE = "TRANSFER_WRITE"
    TRANSFER_DECIDE = "TRANSFER_DECIDE"
    PURCHASE_READ = "PURCHASE_READ"
    PURCHASE_WRITE = "PURCHASE_WRITE"
    PURCHASE_APPROVE = "PURCHASE_APPROVE"
    PURCHASE_RECEIVE = "PURCHASE_RECEIVE"
    STOCK_COUNT = "STOCK_COUNT"
    CART_SERVE = "CART_SERVE"
    ORDER_READ = "ORDER_READ"
    ORDER_CANCEL = "ORDER_CANCEL"
    PAYMENT_RECORD = "PAYMENT_RECORD"
    FULFILMENT_READ = "FULFILMENT_READ"
    FULFILMENT_WRITE = "FULFILMENT_WRITE"
    MEMBER_READ = "MEMBER_READ"
    MEMBER_CONTACT_READ = "MEMBER_CONTACT_READ"
    MEMBER_IDENTIFY = "MEMBER_IDENTIFY"
    CARD_ISSUE = "CARD_ISSUE"
    SHARE = "SHARE"
    COMMISSION_READ = "COMMISSION_READ"
    COMMISSION_PLAN_WRITE = "COMMISSION_PLAN_WRITE"
    CHANGES_READ = "CHANGES_READ"
    WEBHOOK_WRITE = "WEBHOOK_WRITE"
    AUDIT_READ = "AUDIT_READ"


if TYPE_CHECKING:
    Scope = Permission
else:  # Python cannot extend an enum, and the names must not be written twice.
    Scope = StrEnum("Scope", {"ALL": "*", **{each.name: each.value for each in Permission}})
EVERY_SCOPE = "*"


class Role(StrEnum):
    ADMIN = "ADMIN"
    MERCHANDISER = "MERCHANDISER"
    STOCK_CONTROLLER = "STOCK_CONTROLLER"
    FINANCE = "FINANCE"
    MARKETER = "MARKETER"
    MANAGER = "MANAGER"
    GUIDE = "GUIDE"
    CASHIER = "CASHIER"
    PICKER = "PICKER"


_P = Permission
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MERCHANDISER: frozenset(
        {
            _P.CATALOG_READ,
            _P.CATALOG_WRITE,
            _P.STOCK_READ,
            _P.STOCK_COST_READ,
            _P.PURCHASE_READ,
            _P.PURCHASE_WRITE,
            _P.CHANGES_READ,
        }
    ),
    Role.STOCK_CONTROLLER: frozenset(
        {
            _P.CATALOG_READ,
            _P.STOCK_READ,
            _P.STOCK_WRITE,
            _P.STOCK_COUNT,
            _P.STOCK_COST_READ,
            _P.TRANSFER_WRITE,
            _P.TRANSFER_DECIDE,
            _P.PURCHASE_READ,
            _P.PURCHASE_WRITE,
            _P.PURCHASE_RECEIVE,
            _P.FULFILMENT_READ,
            _P.CHANGES_READ,
        }
    ),
    Role.FINANCE: frozenset(
        {
            _P.STOCK_READ,
            _P.STOCK_COST_READ,
            _P.PURCHASE_READ,
            _P.PURCHASE_APPROVE,
            _P.ORDER_READ,
            _P.COMMISSION_READ,
            _P.MEMBER_READ,
            _P.CHANGES_READ,
        }
    ),
    Role.MARKETER: frozenset(
        {
            _P.CATALOG_READ,
            _P.MEMBER_READ,
            _P.CARD_ISSUE,
            _P.COMMISSION_READ,
            _P.COMMISSION_PLAN_WRITE,
            _P.SHARE,
        }
    ),
    Role.MANAGER: frozenset(
        {
            _P.CATALOG_READ,
            _P.STOCK_READ,
            _P.TRANSFER_WRITE,
            _P.PURCHASE_READ,
            _P.PURCHASE_RECEIVE,
            _P.STOCK_COUNT,
            _P.CART_SERVE,
            _P.ORDER_READ,
            _P.ORDER_CANCEL,
            _P.PAYMENT_RECORD,
            _P.FULFILMENT_READ,
            _P.FULFILMENT_WRITE,
            _P.MEMBER_READ,
            _P.MEMBER_CONTACT_READ,
            _P.MEMBER_IDENTIFY,
            _P.CARD_ISSUE,
            _P.SHARE,
            _P.COMMISSION_READ,
            _P.AUDIT_READ,
        }
    ),
    Role.GUIDE: frozenset(
        {
            _P.STOCK_READ,
            _P.CART_SERVE,
            _P.ORDER_READ,
            _P.FULFILMENT_READ,
            _P.MEMBER_READ,
            _P.MEMBER_IDENTIFY,
            _P.SHARE,
        }
    ),
    Role.CASHIER: frozenset(
        {
            _P.STOCK_READ,
            _P.CART_SERVE,
            _P.ORDER_READ,
            _P.PAYMENT_RECORD,
            _P.FULFILMENT_READ,
            _P.FULFILMENT_WRITE,
            _P.MEMBER_IDENTIFY,
        }
    ),
    Role.PICKER: frozenset(
        {_P.STOCK_READ, _P.STOCK_COUNT, _P.FULFILMENT_READ, _P.FULFILMENT_WRITE}
    ),
}


def scopes_granted(asked: list[str], creator: frozenset[Permission]) -> list[str]:
    """Return the scopes of a new API client; `*` grants all that its creator has.

    Raises: ValueError naming the first scope that is unknown or exceeds the creator's own rights.
    """
    if EVERY_SCOPE in asked:
        return sorted(creator)
    for scope in asked:
        if scope not in creator:
            raise ValueError(scope)
    return sorted(set(asked))
