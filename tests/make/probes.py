"""What to ask a root field, made from the schema: plausible arguments, with one of them put where a test
wants it.

A leaf of an input is a word of a `Territory` (`WORDS`, or `WORDS_AT` where its name alone does not say
which), a plain value (`PLAIN`), an enum value or a Boolean. One that is none of these has no entry:
`argument` raises, so that a new root field must be given its entry here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)

from schema import schema
from tests.make.territories import Territory

CORE = schema._schema
PRINTED = schema.as_str()
_keys = count()

WORDS = {
    "variantId": "Variant", "variantIds": "Variant", "locationId": "Store", "locationIds": "Store",
    "storeId": "Store", "destinationId": "Store", "sourceId": "Store", "soldAtStoreId": "Store",
    "carriedAtId": "Store", "orderId": "Order", "fulfilmentId": "Fulfilment", "transferId": "Transfer",
    "stocktakeId": "Stocktake", "purchaseOrderId": "PurchaseOrder", "cartId": "Cart",
    "supplierReturnId": "SupplierReturn", "ticketId": "PrintTicket", "webhookId": "Webhook",
    "deliveryId": "WebhookDelivery", "bulkOperationId": "BulkOperation", "memberId": "Member",
    "actorId": "Staff", "subjectId": "Order",
    "guideId": "Staff", "organisationId": "Organisation", "productId": "Product", "documentId": "Order",
    "sku": "Variant.sku", "gtin": "gtin", "productCode": "Product.code", "slug": "Product.slug",
    "brandCode": "Brand.code", "categoryCode": "Category.code", "categoryParentCode": "Category.code",
    "listCode": "PriceList.code", "locationCode": "Store.code", "organisationCode": "Organisation.code",
    "supplierCode": "Supplier.code", "cardNumber": "MemberCard.number", "serial": "SerialNumber.serial",
    "staffId": "Staff", "apiClientId": "ApiClient", "storefrontId": "Storefront", "sessionId": "Session",
    "referralToken": "Member.token", "phone": "phone", "username": "Staff.username",
}  # fmt: skip
# Where the name alone does not say it: by the root field or input type that has it.
WORDS_AT = {
    ("organisation", "code"): "Organisation.code", ("brand", "code"): "Brand.code",
    ("category", "code"): "Category.code", ("categories", "parentCode"): "Category.code",
    ("store", "code"): "Store.code", ("product", "code"): "Product.code",
    ("supplier", "code"): "Supplier.code", ("cart", "token"): "Cart.token",
    ("shareLink", "token"): "ShareLink.token", ("CartClaimInput", "token"): "Cart.token",
    ("ReferralBindInput", "token"): "Member.token", ("MemberIdentifyInput", "code"): "MemberCard.number",
    ("OrganisationUpsertInput", "parentCode"): "Organisation.code",
    ("CategoryUpsertRow", "parentCode"): "Category.code",
    ("BrandUpsertRow", "code"): "Brand.code",
    ("CategoryUpsertRow", "code"): "Category.code", ("PriceListUpsertRow", "code"): "PriceList.code",
    ("PriceListUpsertRow", "key"): "Store.code", ("ProductUpsertRow", "code"): "Product.code",
    ("SupplierUpsertRow", "code"): "Supplier.code", ("CardBindInput", "number"): "MemberCard.number",
    ("CardBlockInput", "number"): "MemberCard.number", ("OrderFilter", "number"): "Order.number",
    ("order", "number"): "Order.number", ("member", "number"): "Member.number",
    ("node", "id"): "Order", ("nodes", "ids"): "Member",
}  # fmt: skip
PLAIN: dict[str, Any] = {
    "accepted": 1, "acceptedSerials": ["S1"], "after": None, "afterSequence": "0", "alt": "alt",
    "amount": "19.80", "at": "2030-01-01T00:00:00Z", "before": None, "bindingDays": 30,
    "brandName": "Brand", "brandStory": "words", "carrier": "SF", "categoryName": "Category",
    "categoryPosition": 1, "challengeToken": None,
    "city": "沈阳市", "cityName": "沈阳市", "closes": "22:00", "code": "123456",
    "compareAtPrice": "20.00", "compareQuantity": 50, "contact": "Li Lei",
    "countedAt": "2026-01-01T00:00:00Z", "couponCodes": [], "createdFrom": "2026-01-01T00:00:00Z",
    "createdTo": "2030-01-01T00:00:00Z", "deliveryRadiusMetres": 5000, "description": "words",
    "deviceToken": None, "district": "区", "divisionCode": "210102", "expectedOn": "2030-01-01",
    "expectedTotal": None,
    "file": None, "first": 5, "freezeDays": 7, "from": "2026-01-01T00:00:00Z",
    "gtins": [], "guideRate": "0.01",
    "guideRegistrationBounty": "1.00", "idempotencyKey": "key", "key": "WECHAT", "last": None,
    "latitude": 41.8, "level": 1, "limit": 5, "longitude": 123.4, "lost": 0, "lostSerials": [],
    "memberCode": "000",
    "name": "Name", "newPassword": "a-new-long-password", "note": "note", "number": "X-1",
    "openAt": "2026-01-05T04:00:00Z", "opens": "08:00", "overlapMinutes": 10,
    "password": "another-long-password", "paymentCode": None, "phone": "13800000001",
    "placedFrom": "2026-01-01T00:00:00Z", "placedTo": "2030-01-01T00:00:00Z", "pointsToSpend": 0,
    "position": 1,
    "price": "9.90", "priceFrom": "1.00", "priceTo": "99.00", "protectedDays": 10, "province": "辽宁省",
    "quantity": 1, "quoteToken": None,
    "rate": "0.05", "reason": "a reason", "recipient": "王小姐", "reference": "R-1",
    "refreshToken": "none", "token": "none", "rejected": 0, "rejectedSerials": [], "relatedCodes": ["OTHER"],
    "remark": "remark",
    "scopes": ["STOCK_READ"], "search": "牛奶", "secondFactorCode": None, "serials": ["S1"],
    "since": "2026-01-01T00:00:00Z", "story": "words", "street": "太原街1号", "supplierName": "Supplier",
    "tags": ["tag"],
    "tierCode": "BASE", "to": "2030-01-01T00:00:00Z", "topics": ["ALL"],
    "trackingNumber": "SF1",
    "types": ["ORDER_CHANGED"],
    "unitCost": "1.00", "until": "2030-01-01T00:00:00Z", "url": "https://example.com/hook",
    "validAt": "2026-01-01T00:00:00Z",
    "validFrom": None, "validTo": None, "value": "1L", "values": ["1L"], "walletAmount": "0.00",
    "withinMetres": 5000,
}  # fmt: skip
# Names that are given, not looked up: they must be unique, or name one's own of that code.
GIVEN = {
    ("OrganisationUpsertInput", "code"), ("StaffCreateInput", "username"), ("StaffInviteInput", "username"),
    ("StaffInviteInput", "phone"), ("StoreUpsertRow", "code"),
    ("BrandUpsertRow", "code"), ("CategoryUpsertRow", "code"), ("ProductUpsertRow", "code"),
    ("ProductUpsertRow", "brandCode"),
    ("SupplierUpsertRow", "code"), ("PriceListUpsertRow", "code"),
    ("VariantUpsertRow", "sku"), ("ProductUpsertRow", "slug"), ("SupplierUpsertRow", "phone"),
    ("StoreUpsertRow", "phone"), ("AddressInput", "phone"), ("OtpRequestInput", "phone"),
    ("OtpSignInInput", "phone"), ("StaffUpdateInput", "phone"), ("StaffUpsertRow", "phone"),
    ("StaffInviteInput", "username"), ("StaffInviteInput", "phone"),
}  # fmt: skip


NESTED = {"edges", "node", "results", "organisation", "lines", "totals", "actor", "viewer"}


@dataclass(frozen=True)
class Root:
    """One root field; `kind` is query, mutation or subscription."""

    kind: str
    name: str
    field: GraphQLField

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Leaf:
    """One scalar or list of scalars in a root field's arguments, and the word that it names something by."""

    root: Root
    path: tuple[str, ...]
    owner: str
    type: GraphQLInputType
    word: str | None

    def __str__(self) -> str:
        return f"{self.root.name}({'.'.join(self.path)})"


def roots(*kinds: str) -> Iterator[Root]:
    types = {
        "query": CORE.query_type,
        "mutation": CORE.mutation_type,
        "subscription": CORE.subscription_type,
    }
    for kind in kinds or types:
        found = types[kind]
        assert found is not None
        yield from (Root(kind, name, field) for name, field in found.fields.items())


def leaves(root: Root) -> list[Leaf]:
    """Every leaf of the arguments; of a type within itself only the outermost."""

    def below(
        name: str, kind: GraphQLInputType, owner: str, path: tuple[str, ...], seen: frozenset[str]
    ) -> Iterator[Leaf]:
        inner = get_named_type(kind)
        if not isinstance(inner, GraphQLInputObjectType):
            yield Leaf(root, (*path, name), owner, kind, word_of(root, owner, name))
        elif inner.name not in seen:
            for each, field in inner.fields.items():
                yield from below(each, field.type, inner.name, (*path, name), seen | {inner.name})

    return [
        leaf
        for name, argument in root.field.args.items()
        for leaf in below(name, argument.type, root.name, (), frozenset())
    ]


def word_of(root: Root, owner: str, name: str) -> str | None:
    """By which word of a territory this leaf names something; None where it names nothing."""
    if (owner, name) in GIVEN:
        return None
    if (word := WORDS_AT.get((owner, name)) or WORDS.get(name)) is not None:
        return word
    returned = get_named_type(root.field.type).name
    if owner == root.name and name == "id":
        return returned
    if owner == root.name and name == "number":
        return f"{returned.removesuffix('Connection')}.number"
    return None


def arguments(
    root: Root, territory: Territory, full: bool = False, *chosen: Leaf
) -> dict[str, Any]:
    """Arguments that make sense, of what is in `territory`: all of them, or the required and the chosen."""
    wanted = {leaf.path[:depth] for leaf in chosen for depth in range(1, len(leaf.path) + 1)}

    def value(
        name: str, kind: GraphQLInputType, owner: str, path: tuple[str, ...], seen: frozenset[str]
    ) -> Any:
        inner = get_named_type(kind)
        if isinstance(inner, GraphQLInputObjectType):
            shown = _of_one(inner, path, wanted) if _is_one_of(inner) else inner.fields
            made: Any = {
                each: value(each, field.type, inner.name, (*path, each), seen | {inner.name})
                for each, field in shown.items()
                if is_required_input_field(field)
                or _is_one_of(inner)
                or (*path, each) in wanted
                or (full and get_named_type(field.type).name not in seen | {inner.name})
            }
        else:
            made = leaf_value(root, owner, name, inner, territory)
        many = is_list_type(get_nullable_type(kind)) and not isinstance(made, list)
        return [made] if many and made is not None else made

    return {
        name: value(name, argument.type, root.name, (name,), frozenset())
        for name, argument in root.field.args.items()
        if is_required_argument(argument) or (name,) in wanted or full
    }


def _is_one_of(kind: GraphQLInputObjectType) -> bool:
    return f"input {kind.name} @oneOf" in PRINTED


def _of_one(
    kind: GraphQLInputObjectType, path: tuple[str, ...], wanted: set[tuple[str, ...]]
) -> dict[str, GraphQLInputField]:
    """The field that is wanted, or the first."""
    name = next((each for each in kind.fields if (*path, each) in wanted), next(iter(kind.fields)))
    return {name: kind.fields[name]}


def leaf_value(
    root: Root, owner: str, name: str, kind: GraphQLNamedType, territory: Territory
) -> Any:
    """Raises: KeyError for a leaf that has no entry."""
    if name == "idempotencyKey":
        return f"probe-{next(_keys)}"
    if (word := word_of(root, owner, name)) is not None:
        return territory[word]
    if is_enum_type(kind):
        return next(iter(kind.values))
    if kind.name == "Boolean":
        return False
    if (owner, name) in GIVEN:
        return f"GIVEN-{next(_keys)}" if name != "phone" else f"139{next(_keys):08}"
    if name not in PLAIN:
        raise KeyError(f"{owner}.{name} has no entry in tests/make/probes.py")
    return PLAIN[name]


def put(given: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put `value` at a path of `given`, in the first row of each list."""
    inner: Any = given
    for step in path[:-1]:
        inner = inner[step]
        inner = inner[0] if isinstance(inner, list) else inner
    old = inner.get(path[-1])
    inner[path[-1]] = [value] if isinstance(old, list) and not isinstance(value, list) else value


def document(root: Root, given: dict[str, Any]) -> str:
    """An operation that asks the root field for these arguments by variables."""
    if not given:
        return f"{root.kind} {{ {root.name}{selection(root.field.type)} }}"
    types = {name: root.field.args[name].type for name in given}
    declared = ", ".join(f"${name}: {kind}" for name, kind in types.items())
    passed = ", ".join(f"{name}: ${name}" for name in given)
    return f"{root.kind}({declared}) {{ {root.name}({passed}){selection(root.field.type)} }}"


def selection(kind: GraphQLOutputType, depth: int = 3) -> str:
    """The type's name, and every field without arguments that ends in a scalar within `depth`."""
    inner = get_named_type(kind)
    if not is_object_type(inner):
        return " { __typename }" if is_composite_type(inner) else ""
    parts = ["__typename"]
    for name, field in inner.fields.items():
        below = get_named_type(field.type)
        if any(is_required_argument(each) for each in field.args.values()):
            continue
        if name == "userErrors":
            parts.append("userErrors { __typename code message path }")
        elif is_leaf_type(below):
            parts.append(name)
        elif depth > 1 and name in NESTED:
            parts.append(name + selection(field.type, depth - 1))
    return " { " + " ".join(parts) + " }"
