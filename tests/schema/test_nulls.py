"""What an explicit null does in the inputs that change what is there, and what leaving a field out does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from models.errors import InvalidInput
from models.integrations.bulk import BulkKind
from schema import schema
from schema.integrations.bulk_rows import draft_of
from tests.make.api import Api
from tests.make.documents import document

CORE = schema._schema
# TOP: of what is new the top of the tree; refused for what is elsewhere.
EMPTIED, REFUSED, TOP = "emptied", "refused", "top"
WHAT_NULL_DOES = {
    "ApiClientUpdateInput": {"name": REFUSED, "scopes": REFUSED},
    "BrandUpsertRow": {"logo": EMPTIED, "story": EMPTIED},
    "CategoryUpsertRow": {"parentCode": EMPTIED, "image": EMPTIED, "position": EMPTIED},
    "OrganisationUpsertInput": {"parentCode": TOP},
    "PriceListUpsertRow": {"validFrom": EMPTIED, "validTo": EMPTIED, "active": REFUSED},
    "ProductUpsertRow": {
        **dict.fromkeys(("slug", "brandName", "categoryName", "status"), REFUSED),
        **dict.fromkeys(("description", "brandCode", "brandLogo", "brandStory"), EMPTIED),
        **dict.fromkeys(("categoryCode", "categoryParentCode", "categoryImage"), EMPTIED),
        **dict.fromkeys(("categoryPosition", "tags", "options", "media"), EMPTIED),
        **dict.fromkeys(("attributes", "relatedCodes", "channels"), EMPTIED),
    },
    "StaffUpdateInput": {
        "phone": EMPTIED,
        **dict.fromkeys(("name", "password", "active", "grants"), REFUSED),
    },
    "StaffUpsertRow": {"phone": EMPTIED, "grants": REFUSED, "active": REFUSED},
    "StoreUpsertRow": {
        **dict.fromkeys(("kind", "organisationCode", "active"), REFUSED),
        **dict.fromkeys(("phone", "position", "services", "hours"), EMPTIED),
        "deliveryRadiusMetres": EMPTIED,
    },
    "StorefrontUpdateInput": {"name": REFUSED, "active": REFUSED, "code": EMPTIED},
    "StorefrontUpsertRow": {"active": REFUSED},
    "SupplierUpsertRow": {"contact": EMPTIED, "phone": EMPTIED, "active": REFUSED},
    "VariantUpsertRow": {
        **dict.fromkeys(("name", "gtins", "compareAtPrice", "options", "media"), EMPTIED),
        "tracksSerials": REFUSED,
    },
    "WebhookUpdateInput": dict.fromkeys(("url", "topics", "active"), REFUSED),
}


@dataclass(frozen=True)
class Changing:
    """A mutation that changes what is there, and where in its input one of its inputs stands."""

    mutation: str
    input: GraphQLInputObjectType
    path: tuple[str, ...]


def changing() -> Iterator[Changing]:
    assert CORE.mutation_type is not None
    for name, field in CORE.mutation_type.fields.items():
        if "Update" in name or "Upsert" in name:
            yield from _within(name, get_named_type(field.args["input"].type), ())


def _within(mutation: str, input_type: Any, path: tuple[str, ...]) -> Iterator[Changing]:
    yield Changing(mutation, input_type, path)
    for name, field in input_type.fields.items():
        inside = get_named_type(field.type)
        if inside.name.endswith("Row"):
            yield from _within(mutation, inside, (*path, name))


def refused() -> Iterator[tuple[Changing, str]]:
    for each in changing():
        told = WHAT_NULL_DOES.get(each.input.name, {})
        yield from ((each, name) for name, what in told.items() if what == REFUSED)


def a_value(type_: GraphQLInputType) -> Any:
    """Something of a type with no more than it must have."""
    nullable = get_nullable_type(type_)
    if is_list_type(nullable):
        return [a_value(nullable.of_type)]
    if isinstance(nullable, GraphQLInputObjectType):
        return {
            name: a_value(field.type)
            for name, field in nullable.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        }
    if isinstance(nullable, GraphQLEnumType):
        return next(iter(nullable.values))
    return {"Int": 1, "Boolean": True, "Decimal": "1"}.get(nullable.name, "x")


def test_each_field_that_may_be_null_says_what_that_does() -> None:
    found = {
        each.input.name: {
            name
            for name, field in each.input.fields.items()
            if not isinstance(field.type, GraphQLNonNull)
        }
        for each in changing()
    }
    told = {name: set(fields) for name, fields in WHAT_NULL_DOES.items()}
    assert {name: fields for name, fields in found.items() if fields} == told


async def test_null_is_refused_by_the_name_of_its_field(api: Api) -> None:
    admin = await api.staff()
    assert CORE.mutation_type is not None
    for each, name in refused():
        type_ = CORE.mutation_type.fields[each.mutation].args["input"].type
        given = a_value(type_)
        holder, told = given, []
        for step in each.path:
            holder = holder[step][0]
            told += [step, "0"]
        holder[name] = None
        errors = await admin.refused(
            f"mutation($input: {type_}) {{ {each.mutation}(input: $input)"
            " { userErrors { code message path } } }",
            input=given,
        )
        assert errors == [
            {
                "code": "INVALID",
                "message": "This cannot be null. Leave it out, and it stays as it is.",
                "path": [*told, name],
            }
        ], (each.mutation, name)


def test_a_line_of_a_file_with_a_null_that_is_refused_is_none() -> None:
    row = {
        "code": "P",
        "name": "P",
        "variants": [{"sku": "P", "price": "1", "tracksSerials": None}],
    }
    with pytest.raises(InvalidInput) as refusal:
        draft_of(BulkKind.CATALOG, row)
    assert refusal.value.path == ("variants", 0, "tracksSerials")
    with pytest.raises(InvalidInput, match="null"):
        draft_of(BulkKind.STORES, {**STORE, "active": None})


PICTURE = {"url": "https://pictures.example/1.jpg"}
VARIANT = {
    "sku": "P1-L",
    "price": "5.00",
    "name": "Large",
    "gtins": ["6901234567892"],
    "compareAtPrice": "6.00",
    "options": [{"name": "Size", "value": "L"}],
    "media": [PICTURE],
}
PRODUCT = {
    "code": "P1",
    "name": "Milk",
    "description": "White.",
    "brandCode": "B1",
    "brandLogo": PICTURE,
    "brandStory": "Old.",
    "categoryCode": "C1",
    "categoryParentCode": "C0",
    "categoryImage": PICTURE,
    "categoryPosition": 3,
    "tags": ["white"],
    "options": [{"name": "Size", "values": ["L"]}],
    "media": [PICTURE],
    "attributes": [{"key": "fat", "value": "3.5"}],
    "relatedCodes": ["P0"],
    "channels": ["APP"],
    "variants": [VARIANT],
}
OF_PRODUCT = """... on Product {
  description tags media { url } attributes { key } options { name } channels related { code }
  brand { logo { url } story } category { parent { code } image { url } position }
  variants { name gtins compareAtPrice { amount } selectedOptions { value } media { url } }
}"""
EMPTY_VARIANT = {
    "name": "", "gtins": [], "compareAtPrice": None, "selectedOptions": [], "media": []
}  # fmt: skip
EMPTY_PRODUCT = {
    "description": "",
    **{name: [] for name in ("tags", "media", "attributes", "options", "related")},
    "channels": ["PC", "APP", "WECHAT", "H5", "STORE", "MARKETPLACE"],
    "brand": {"logo": None, "story": None},
    "category": {"parent": None, "image": None, "position": 0},
    "variants": [EMPTY_VARIANT],
}
STORE = {
    "code": "S1",
    "name": "S1",
    "address": {"street": "太原街1号"},
    "phone": "024-12345678",
    "position": {"latitude": 41.8, "longitude": 123.4},
    "services": ["PICKUP"],
    "hours": [{"weekday": "MONDAY", "opens": "08:00", "closes": "22:00"}],
    "deliveryRadiusMetres": 3000,
}
# Of each mutation: the name of its rows, a full row, the fields that null empties and what they are then.
UPSERTS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "brandUpsert": (
        "brands",
        {"code": "B1", "name": "B1", "logo": PICTURE, "story": "Old."},
        "... on Brand { logo { url } story }",
        {"logo": None, "story": None},
    ),
    "categoryUpsert": (
        "categories",
        {"code": "C1", "name": "C1", "parentCode": "C0", "image": PICTURE, "position": 3},
        "... on Category { parent { code } image { url } position }",
        {"parent": None, "image": None, "position": 0},
    ),
    "priceListUpsert": (
        "priceLists",
        {
            "code": "L1", "name": "L1", "kind": "CHANNEL", "key": "APP",
            "validFrom": "2030-01-01T00:00:00Z", "validTo": "2031-01-01T00:00:00Z",
        },
        "... on PriceList { validFrom validTo }",
        {"validFrom": None, "validTo": None},
    ),
    "supplierUpsert": (
        "suppliers",
        {"code": "F1", "name": "F1", "contact": "Li", "phone": "024-12345678"},
        "... on Supplier { contact phone }",
        {"contact": None, "phone": None},
    ),
    "storeUpsert": (
        "stores",
        STORE,
        "... on Store { phone position { latitude } services hours { opens } deliveryRadiusMetres }",
        {
            "phone": None, "position": None, "services": [], "hours": [],
            "deliveryRadiusMetres": None,
        },
    ),
    "catalogUpsert": ("products", PRODUCT, OF_PRODUCT, EMPTY_PRODUCT),
    "staffUpsert": (
        "staff",
        {
            "username": "li", "name": "Li", "phone": "13800138001",
            "grants": [{"role": "GUIDE", "organisationCode": "M"}],
        },
        "... on Staff { phone }",
        {"phone": None},
    ),
}  # fmt: skip


async def an_administrator(api: Api) -> Api:
    """Of a merchant with what the rows name."""
    admin = await api.staff()
    merchant = {"code": "M", "name": "M", "kind": "MERCHANT"}
    await admin.do(document("hq/organisation_upsert"), input=merchant)
    await admin.do(
        document("erp/category_upsert"), input={"categories": [{"code": "C0", "name": "C0"}]}
    )
    await admin.do(
        document("erp/catalog_upsert"),
        input={
            "products": [{"code": "P0", "name": "P0", "variants": [{"sku": "P0", "price": "1.00"}]}]
        },
    )
    return admin


def row_type(mutation: str, rows: str) -> GraphQLInputObjectType:
    assert CORE.mutation_type is not None
    input_type = get_named_type(CORE.mutation_type.fields[mutation].args["input"].type)
    assert isinstance(input_type, GraphQLInputObjectType)
    found = get_named_type(input_type.fields[rows].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


def emptying(row_type: GraphQLInputObjectType, row: dict[str, Any]) -> dict[str, Any]:
    """The row with null in each field that null empties, but what the others are read by."""
    told = WHAT_NULL_DOES[row_type.name]
    nulls = {
        name: None
        for name, what in told.items()
        if what == EMPTIED and name not in ("brandCode", "categoryCode")
    }
    kept = {
        name: value
        for name, value in row.items()
        if isinstance(row_type.fields[name].type, GraphQLNonNull)
        or name in ("brandCode", "categoryCode", "grants")
    }
    if "variants" in kept:
        variant = get_named_type(row_type.fields["variants"].type)
        assert isinstance(variant, GraphQLInputObjectType)
        kept["variants"] = [emptying(variant, each) for each in kept["variants"]]
    return {**kept, **nulls}


def left_out(row_type: GraphQLInputObjectType, row: dict[str, Any]) -> dict[str, Any]:
    """The row with nothing but what it must have."""
    nulled = emptying(row_type, row)
    told = WHAT_NULL_DOES[row_type.name]
    kept = {name: value for name, value in nulled.items() if told.get(name) != EMPTIED}
    if "variants" in kept:
        variant = get_named_type(row_type.fields["variants"].type)
        assert isinstance(variant, GraphQLInputObjectType)
        kept["variants"] = [left_out(variant, each) for each in row["variants"]]
    return kept


@pytest.mark.parametrize("mutation", UPSERTS)
async def test_null_empties_what_leaving_out_keeps(api: Api, mutation: str) -> None:
    rows, full, fields, empty = UPSERTS[mutation]
    admin, type_ = await an_administrator(api), row_type(mutation, rows)
    write = (
        f"mutation($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $input)"
        " { results { nodeId } updated userErrors { code message path } } }"
    )
    read = f"query($id: ID!) {{ node(id: $id) {{ {fields} }} }}"
    row_id = (await admin.do(write, input={rows: [full]}))["results"][0]["nodeId"]
    before = await admin.ask(read, id=row_id)
    assert all(before["node"][name] != value for name, value in empty.items())
    assert (await admin.do(write, input={rows: [left_out(type_, full)]}))["updated"] == 0
    assert await admin.ask(read, id=row_id) == before
    assert (await admin.do(write, input={rows: [emptying(type_, full)]}))["updated"] == 1
    assert await admin.ask(read, id=row_id) == {"node": empty}
    assert (await admin.do(write, input={rows: [emptying(type_, full)]}))["updated"] == 0


async def test_null_takes_brand_and_category_from_a_product_and_leaves_them_as_they_are(
    api: Api,
) -> None:
    admin = await an_administrator(api)
    write = document("erp/catalog_upsert")
    await admin.do(write, input={"products": [PRODUCT]})
    bare = {"code": "P1", "name": "Milk", "variants": [{"sku": "P1-L", "price": "5.00"}]}
    nulls = {"brandCode": None, "categoryCode": None, "brandLogo": None, "categoryImage": None}
    await admin.do(write, input={"products": [{**bare, **nulls}]})
    found = await admin.ask(
        '{ product: node(id: "product:P1") { ... on Product { brand { code } category { code } } }'
        ' brand(code: "B1") { logo { url } } category(code: "C1") { image { url } } }'
    )
    assert found == {
        "product": {"brand": None, "category": None},
        "brand": {"logo": PICTURE},
        "category": {"image": PICTURE},
    }


async def test_null_takes_a_phone_from_staff_and_a_code_from_a_storefront(api: Api) -> None:
    admin = await an_administrator(api)
    person = {
        "username": "li", "name": "Li", "phone": "13800138001",
        "grants": [{"role": "GUIDE", "organisationCode": "M"}],
    }  # fmt: skip
    await admin.do(document("hq/staff_upsert"), input={"staff": [person]})
    update = (
        "mutation($input: StaffUpdateInput!) { staffUpdate(input: $input)"
        " { staff { name phone } userErrors { code path } } }"
    )
    kept = await admin.do(update, input={"staffId": "staff:li", "name": "Li Lei"})
    assert kept["staff"] == {"name": "Li Lei", "phone": "+8613800138001"}
    gone = await admin.do(update, input={"staffId": "staff:li", "phone": None})
    assert gone["staff"] == {"name": "Li Lei", "phone": None}
    front = {"name": "Web", "channel": "PC", "organisationCode": "M", "code": "WEB"}
    await admin.do(document("hq/storefront_create"), input=front)
    update = (
        "mutation($input: StorefrontUpdateInput!) { storefrontUpdate(input: $input)"
        " { storefront { id name code } userErrors { code path } } }"
    )
    renamed = {"storefrontId": "storefront:WEB", "name": "Shop"}
    kept = (await admin.do(update, input=renamed))["storefront"]
    assert (kept["name"], kept["code"]) == ("Shop", "WEB")
    gone = await admin.do(update, input={"storefrontId": kept["id"], "code": None})
    assert gone["storefront"] == {**kept, "code": None}


async def test_null_puts_a_new_organisation_at_the_top_and_moves_none(api: Api) -> None:
    admin = await an_administrator(api)
    upsert = document("hq/organisation_upsert")
    region = {"code": "R", "name": "R", "kind": "REGION", "parentCode": None}
    await admin.do(upsert, input=region)
    await admin.do(upsert, input={**region, "name": "North"})
    below = {"code": "R2", "name": "R2", "kind": "REGION", "parentCode": "R"}
    await admin.do(upsert, input=below)
    errors = await admin.refused(upsert, input={**below, "name": "South", "parentCode": None})
    assert [(each["code"], each["path"]) for each in errors] == [("INVALID", ["parentCode"])]
    fields = "{ name parent { code } }"
    read = f'{{ top: organisation(code: "R") {fields} low: organisation(code: "R2") {fields} }}'
    assert await admin.ask(read) == {
        "top": {"name": "North", "parent": {"code": "M"}},
        "low": {"name": "R2", "parent": {"code": "R"}},
    }
