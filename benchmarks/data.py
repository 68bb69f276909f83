"""The measured data: one chain of 20 stores with 1,000 products, another of 10,000 stores.

Everything but the expiry of sessions is the same in each run; row IDs count from 1 in every table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.accounts.channels import Channel
from models.accounts.clients import Storefront
from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.passwords import token_hash
from models.accounts.sessions import Session, SubjectKind
from models.catalog.prices import Price, PriceList, PriceListKind
from models.catalog.products import Product, Variant
from models.catalog.slugs import slugify
from models.database import execute, fetch, is_postgres
from models.members.members import Member, Tier
from models.members.numbers import member_number
from models.stock.ledger import MovementReason, StockState
from models.stores.coordinates import CoordinateSystem
from models.stores.hours import Weekday
from models.stores.locations import Location, LocationKind, StoreService
from models.tables.fields import Row
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.catalog.search.indexing import rebuild

PLATFORM, CHAIN, WIDE_CHAIN = 1, 2, 3
STOREFRONT_KEY, WIDE_STOREFRONT_KEY = "benchmark-chain", "benchmark-wide-chain"
DISCOUNT_EVERY, DISCOUNT_MINOR = 3, 100  # one in this many products is cheaper in the channel
CARRYING_EVERY = 10  # one in this many stores of the wide chain has the variant
KINDS = "牛奶 酸奶 面包 饼干 蛋糕 果汁 咖啡 红茶 绿茶 矿泉 洗发 牙膏 毛巾 拖鞋 雨伞 台灯 电池 耳机 键盘 水杯"
BATCH = 5_000


@dataclass(frozen=True)
class Scale:
    products: int = 1_000
    variants: int = 3
    stores: int = 20
    pieces: int = 1_000  # units of each variant at each store
    wide_stores: int = 10_000
    members: int = 200

    @property
    def skus(self) -> int:
        return self.products * self.variants


def kinds() -> list[str]:
    return KINDS.split()


def product_code(product_id: int) -> str:
    return f"P{product_id:05}"


def product_name(product_id: int) -> str:
    """Return a name that contains exactly one kind of goods."""
    words = kinds()
    return f"第{product_id}号{words[product_id % len(words)]}"


def product_slug(product_id: int) -> str:
    return slugify(product_code(product_id), product_name(product_id))


def wide_position(number: int) -> tuple[float, float]:
    """Return WGS-84 degrees of this store of the wide chain: a grid with small offsets."""
    shaken = number * 7919 % 1000 / 10_000
    return 24 + number // 100 % 100 * 0.15 + shaken, 103 + number % 100 * 0.15 - shaken


def wide_code(number: int) -> str:
    return f"W{number:05}"


def member_token(member_id: int) -> str:
    return f"qa_benchmark_{member_id}"


async def fill(scale: Scale) -> None:
    """Fill a migrated, empty database."""
    await ensure_platform()
    for rows in (
        list(_merchants()),
        list(_nodes(scale)),
        list(_stores(scale)),
        list(_storefronts()),
        list(_products(scale)),
        list(_variants(scale)),
        [PriceList(merchant_id=CHAIN, code="WECHAT", name="WeChat", kind=PriceListKind.CHANNEL,
                   key=str(Channel.WECHAT))],
        list(_channel_prices(scale)),
        [Tier(merchant_id=CHAIN, code="BASE", name="Base", level=0)],
        list(_members(scale)),
        list(_sessions(scale)),
    ):  # fmt: skip
        await _insert(rows)
    await rebuild()
    await _stock(scale)


async def _insert(rows: Sequence[Row]) -> None:
    if not rows:
        return
    table = type(rows[0])
    await table.bulk_create(rows, batch_size=BATCH)
    if is_postgres():
        name = table._meta.db_table
        await fetch(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM \"{name}\""
        )
        await execute(f'ANALYZE "{name}"')


def _merchants() -> Iterator[Organisation]:
    for merchant_id, code in ((CHAIN, "CHAIN"), (WIDE_CHAIN, "WIDE")):
        yield Organisation(
            id=merchant_id,
            code=code,
            name=code.title(),
            kind=OrganisationKind.MERCHANT,
            parent_id=PLATFORM,
            merchant_id=merchant_id,
            path=f"{PLATFORM}/{merchant_id}/",
        )


def _storefronts() -> Iterator[Storefront]:
    for organisation_id, key in ((CHAIN, STOREFRONT_KEY), (WIDE_CHAIN, WIDE_STOREFRONT_KEY)):
        yield Storefront(name=key, channel=Channel.WECHAT, key=key, organisation_id=organisation_id)


def _locations(scale: Scale) -> Iterator[tuple[int, int, str, float, float]]:
    """Yield location ID, merchant, code, latitude and longitude."""
    for number in range(scale.stores):
        latitude, longitude = 41.75 + number % 5 * 0.02, 123.35 + number // 5 * 0.02
        yield number + 1, CHAIN, f"S{number:02}", latitude, longitude
    for number in range(scale.wide_stores):
        yield scale.stores + number + 1, WIDE_CHAIN, wide_code(number), *wide_position(number)


def _node_id(location_id: int) -> int:
    return WIDE_CHAIN + location_id


def _nodes(scale: Scale) -> Iterator[Organisation]:
    for location_id, merchant_id, code, _, _ in _locations(scale):
        yield Organisation(
            id=_node_id(location_id),
            code=code,
            name=code,
            kind=OrganisationKind.STORE,
            parent_id=merchant_id,
            merchant_id=merchant_id,
            path=f"{PLATFORM}/{merchant_id}/{_node_id(location_id)}/",
        )


def _stores(scale: Scale) -> Iterator[Location]:
    hours = [{"weekday": str(day), "opens": "00:00", "closes": "24:00"} for day in Weekday]
    for location_id, merchant_id, code, latitude, longitude in _locations(scale):
        yield Location(
            id=location_id,
            merchant_id=merchant_id,
            organisation_id=_node_id(location_id),
            kind=LocationKind.STORE,
            code=code,
            name=f"Store {code}",
            address={"city": "沈阳市", "street": f"青年大街 {location_id} 号"},
            city="沈阳市",
            latitude=latitude,
            longitude=longitude,
            coordinate_system=CoordinateSystem.WGS84,
            latitude_wgs84=latitude,
            longitude_wgs84=longitude,
            services=[str(service) for service in StoreService],
            hours=hours,
            delivery_radius_metres=5_000,
        )


def _products(scale: Scale) -> Iterator[Product]:
    for product_id in range(1, scale.products + 2):
        name = product_name(product_id)
        yield Product(
            id=product_id,
            merchant_id=_seller(scale, product_id),
            code=product_code(product_id),
            slug=product_slug(product_id),
            name=name,
            description=f"{name}，门店与线上同价。",
            options=[{"name": "size", "values": [str(n) for n in range(scale.variants)]}],
            lowest_price_minor=_price(product_id, 0),
            highest_price_minor=_price(product_id, scale.variants - 1),
        )


def _seller(scale: Scale, product_id: int) -> int:
    """Return the merchant of a product; the one after the chain's own belongs to the wide chain."""
    return CHAIN if product_id <= scale.products else WIDE_CHAIN


def _price(product_id: int, position: int) -> int:
    return 500 + product_id % 97 * 100 + position * 250


def channel_price(product_id: int, position: int) -> int:
    """Return the price in the storefront's channel."""
    discount = 0 if product_id % DISCOUNT_EVERY else DISCOUNT_MINOR
    return _price(product_id, position) - discount


def _channel_prices(scale: Scale) -> Iterator[Price]:
    for product_id in range(1, scale.products + 1):
        for position in range(scale.variants):
            if (asked := channel_price(product_id, position)) != _price(product_id, position):
                yield Price(
                    price_list_id=1,
                    variant_id=variant_id(scale, product_id, position),
                    amount_minor=asked,
                )


def variant_id(scale: Scale, product_id: int, position: int) -> int:
    return (product_id - 1) * scale.variants + position + 1


def _variants(scale: Scale) -> Iterator[Variant]:
    for product_id in range(1, scale.products + 2):
        for position in range(scale.variants):
            yield Variant(
                id=variant_id(scale, product_id, position),
                merchant_id=_seller(scale, product_id),
                product_id=product_id,
                sku=f"{product_code(product_id)}-{position}",
                name=str(position),
                selected_options=[{"name": "size", "value": str(position)}],
                price_minor=_price(product_id, position),
                position=position,
            )


async def _stock(scale: Scale) -> None:
    """Stock every variant of the chain at each of its stores, and the wide chain's at some of its stores."""
    now = datetime.now(UTC)
    for levels, values in (
        ("v.id <= ? AND l.id <= ?", (scale.skus, scale.stores)),
        ("v.id = ? AND l.id > ? AND (l.id - 1 - ?) % ? = 0",
         (scale.skus + 1, scale.stores, scale.stores, CARRYING_EVERY)),
    ):  # fmt: skip
        await execute(
            "INSERT INTO stock_level (variant_id, location_id, available, held, committed, damaged,"
            " quarantined, incoming, safety_stock, version, created_at, updated_at)"
            " SELECT v.id, l.id, CAST(? AS INTEGER), 0, 0, 0, 0, 0, 0, 0, ?, ?"
            f" FROM variant v CROSS JOIN location l WHERE {levels} ORDER BY v.id, l.id",
            scale.pieces, now, now, *values,
        )  # fmt: skip
    await execute(
        "INSERT INTO stock_movement (variant_id, location_id, from_state, to_state, quantity, reason,"
        " actor_kind, created_at)"
        " SELECT variant_id, location_id, CAST(? AS VARCHAR(12)), CAST(? AS VARCHAR(12)), available,"
        " CAST(? AS VARCHAR(20)), 'SYSTEM', created_at FROM stock_level WHERE available > 0 ORDER BY id",
        str(StockState.OUTSIDE), str(StockState.AVAILABLE), str(MovementReason.SYNC),
    )  # fmt: skip
    if is_postgres():
        await execute("ANALYZE stock_level, stock_movement")


def _members(scale: Scale) -> Iterator[Member]:
    for member_id in range(1, scale.members + 1):
        yield Member(
            id=member_id,
            merchant_id=CHAIN,
            number=member_number(member_id),
            phone=f"+86138{member_id:08}",
            name=f"Member {member_id}",
            tier_id=1,
            referral_token=f"benchmark{member_id}",
            joined_via=Channel.APP,
        )


def _sessions(scale: Scale) -> Iterator[Session]:
    expires_at = datetime.now(UTC) + timedelta(days=1)
    for member_id in range(1, scale.members + 1):
        yield Session(
            kind=SubjectKind.MEMBER,
            subject_id=member_id,
            access_hash=token_hash(member_token(member_id)),
            access_expires_at=expires_at,
            refresh_hash=token_hash(f"refresh {member_id}"),
            refresh_expires_at=expires_at,
        )
