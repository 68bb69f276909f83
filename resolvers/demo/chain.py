"""A demo chain, planted through the same use cases that an ERP and headquarters use."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import hash_password, token_hash
from models.accounts.roles import Role
from models.catalog.gtin import check_digit
from models.catalog.products import MediaKind
from models.database import transaction
from models.stores.coordinates import CoordinateSystem
from models.stores.hours import Weekday
from models.stores.locations import LocationKind
from resolvers.accounts.organisations import organisations
from resolvers.accounts.sign_in import code_tries
from resolvers.accounts.staff import staff
from resolvers.bulk_rows import OnError
from resolvers.catalog.media import MediaDraft
from resolvers.catalog.products import upsert as catalog
from resolvers.catalog.products.drafts import (
    OptionDraft,
    ProductDraft,
    SelectedOptionDraft,
    VariantDraft,
)
from resolvers.context import Context
from resolvers.demo.goods import (
    ERP_SCOPES,
    ERP_SECRET,
    HOURS,
    MEMBER_CODE,
    MEMBER_CODE_TRIES,
    MEMBER_NAME,
    MEMBER_PHONE,
    PASSWORD,
    PRODUCTS,
    STAFF,
    STORES,
    WAREHOUSE,
)
from resolvers.demo.pictures import picture_url
from resolvers.members import registration
from resolvers.referrals import plans
from resolvers.stock.levels import erp_sync
from resolvers.stores import upsert as stores
from resolvers.stores.addresses import AddressDraft, PointDraft
from resolvers.stores.drafts import HoursDraft, StoreDraft

MERCHANT = "DEMO"
OPTION = "规格"
FIRST_GTIN = "6901234567892"


async def plant_demo_chain(ctx: Context) -> bool:
    """Plant the chain unless the database holds a merchant already; `ctx` is the system's."""
    if await Organisation.filter(kind=OrganisationKind.MERCHANT).exists():
        return False
    merchant = await organisations.upsert(
        ctx,
        organisations.OrganisationDraft(
            code=MERCHANT, name="示例连锁 Demo Chain", kind=OrganisationKind.MERCHANT
        ),
    )
    ctx.merchant_id = merchant.id
    await stores.upsert(ctx, _locations())
    await catalog.upsert(ctx, _products(ctx.settings.base_url))
    await erp_sync.set_levels(ctx, _levels(), OnError.REJECT_ALL, "demo-stock")
    await plans.set_plan(ctx, merchant.id, _plan())
    # Nobody else may have this password: the rules for passwords refuse it.
    password_hash = await hash_password(PASSWORD)
    for person in _people():
        await transaction(staff.add, ctx, person, password_hash)
    await transaction(_storefronts, merchant.id)
    await transaction(_erp, merchant.id)
    await transaction(registration.find_or_create, ctx, MEMBER_PHONE, MEMBER_NAME)
    return True


async def renew_demo_code(ctx: Context) -> None:
    """Let the demo's member sign in by the printed code, once in the day to come."""
    in_a_day = ctx.now() + timedelta(days=1)
    await transaction(code_tries.keep, ctx, MEMBER_PHONE, MEMBER_CODE, in_a_day, MEMBER_CODE_TRIES)


def demo_sign_ins() -> str:
    """What to tell whoever starts the demo: who may sign in, and one query to try."""
    people = "\n".join(
        f"  {username:<13} {role.lower()} at {code}" for username, _, role, code in STAFF
    )
    keys = ", ".join(f"demo-{channel.lower()}" for channel in Channel if channel != "MARKETPLACE")
    return (
        f"Demo staff (password {PASSWORD}):\n  admin         of the platform\n{people}\n"
        f"Demo member: phone {MEMBER_PHONE}, code {MEMBER_CODE} (good once; the log shows those asked for)\n"
        f"ERP (Authorization: Bearer …): {ERP_SECRET}\n"
        f"Storefront keys (X-Storefront-Key): {keys}\n"
        'Try: { products(filter: { search: "牛奶" })'
        " { edges { node { name variants { sku available } } } } }"
    )


def _locations() -> list[StoreDraft]:
    hours = [HoursDraft(weekday, *HOURS) for weekday in Weekday]
    places = [(LocationKind.STORE, hours, place) for place in STORES]
    places.append((LocationKind.WAREHOUSE, [], WAREHOUSE))
    return [
        StoreDraft(
            kind=kind,
            code=code,
            name=name,
            organisation_code=MERCHANT,
            address=AddressDraft(province="辽宁省", city="沈阳市", street=street),
            position=PointDraft(latitude, longitude, CoordinateSystem.GCJ02),
            hours=opening,
            delivery_radius_metres=8_000 if kind is LocationKind.STORE else None,
        )
        for kind, opening, (code, name, street, latitude, longitude) in places
    ]


def _products(base_url: str) -> list[ProductDraft]:
    return [
        ProductDraft(
            code=code,
            name=name,
            brand_code=brand,
            brand_name=brand_name,
            category_code=category,
            category_name=category_name,
            tags=["demo"],
            media=[MediaDraft(picture_url(base_url, code), name, MediaKind.IMAGE)],
            options=[OptionDraft(OPTION, [size for _, size, _ in variants])],
            variants=[
                VariantDraft(
                    sku=sku,
                    name=size,
                    price=Decimal(price),
                    gtins=[_gtin(sku)],
                    options=[SelectedOptionDraft(OPTION, size)],
                )
                for sku, size, price in variants
            ],
        )
        for code, name, (brand, brand_name), (category, category_name), variants in PRODUCTS
    ]


def _levels() -> list[erp_sync.LevelDraft]:
    """Stock for every SKU at every place, more in the warehouse; always the same."""
    return [
        erp_sync.LevelDraft(
            location_code=code,
            sku=sku,
            quantity=500 if code == WAREHOUSE[0] else (position * 7 + number * 11) % 40,
        )
        for number, sku in enumerate(_skus())
        for position, code in enumerate([*(store[0] for store in STORES), WAREHOUSE[0]])
    ]


def _plan() -> plans.PlanDraft:
    return plans.PlanDraft(
        levels=[(1, Decimal("0.05")), (2, Decimal("0.02"))],
        guide_rate=Decimal("0.03"),
        bounty=Decimal("2.00"),
    )


def _people() -> list[staff.StaffDraft]:
    return [
        staff.StaffDraft(
            username=username,
            password=PASSWORD,
            name=name,
            grants=[staff.GrantDraft(Role(role), code)],
        )
        for username, name, role, code in STAFF
    ]


async def _storefronts(organisation_id: int) -> None:
    """One client application a channel: its key is `demo-wechat`, its code `DEMO-WECHAT`."""
    for channel in Channel:
        await Storefront.create(
            code=f"DEMO-{channel}",
            name=f"Demo {channel}",
            channel=channel,
            key=f"demo-{channel.lower()}",
            organisation_id=organisation_id,
            merchant_id=organisation_id,
        )


async def _erp(organisation_id: int) -> None:
    await ApiClient.create(
        name="Demo ERP",
        secret_hash=token_hash(ERP_SECRET),
        scopes=list(ERP_SCOPES),
        organisation_id=organisation_id,
    )


def _skus() -> list[str]:
    return [sku for *_, variants in PRODUCTS for sku, _, _ in variants]


def _gtin(sku: str) -> str:
    """EAN-13 codes counted on from the first, each with its check digit."""
    body = str(int(FIRST_GTIN[:12]) + _skus().index(sku))
    return body + str(check_digit(body))
