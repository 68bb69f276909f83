"""Who finds what by its ID alone: every type behind `node`, of one's own merchant and of another.

Two merchants have one thing of each type. A new type without a row in `SEEN_BY` fails.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tortoise import Tortoise

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import ROLE_PERMISSIONS, Permission, Role
from models.accounts.sessions import Guest, SubjectKind
from models.accounts.staff import Staff, StaffGrant
from models.catalog.products import Product, ProductStatus
from models.members.members import Member
from models.stores.locations import Location, LocationKind
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from schema import schema
from schema.nodes.loading import load_nodes
from schema.nodes.nodes import Node, global_id
from tests.make.rows import World, a_row

OFFICE = frozenset({"admin", "platform"})
STORE = frozenset({"guide", "cashier", "manager"})
STAFF = STORE | OFFICE
WORKERS = STAFF | {"erp"}
EVERYBODY = WORKERS | {"stranger", "guest", "member"}

# Who finds the thing of their own merchant. The platform finds both merchants', others nothing foreign.
SEEN_BY: dict[str, frozenset[str]] = {
    "ApiClient": OFFICE | {"erp"},
    "AuditEntry": OFFICE | {"manager"},
    "Brand": EVERYBODY,
    "BulkOperation": frozenset({"erp"}),
    "Cart": STAFF | {"member"},
    "CartLine": STAFF | {"member"},
    "Category": EVERYBODY,
    "Commission": OFFICE | {"member", "manager"},
    "CommissionPlan": OFFICE | {"member"},
    "Fulfilment": STAFF | {"member"},
    "Member": OFFICE | {"member", "guide", "manager"},
    "MemberCard": OFFICE | {"member", "guide", "manager"},
    "Order": STAFF | {"member"},
    "OrderLine": STAFF | {"member"},
    "Organisation": WORKERS,
    "Payment": STAFF | {"member"},
    "PriceList": OFFICE | {"manager"},
    "PrintTicket": STAFF,
    "Product": EVERYBODY,
    "PurchaseOrder": OFFICE | {"manager"},
    "Session": frozenset({"member"}),
    "ShareLink": OFFICE | {"member"},
    "Staff": WORKERS,
    "StockLevel": EVERYBODY,
    "StockMovement": WORKERS,
    "Stocktake": WORKERS,
    "Store": EVERYBODY,
    "Storefront": OFFICE,
    "Supplier": OFFICE | {"manager"},
    "SupplierReturn": OFFICE | {"manager"},
    "Tier": EVERYBODY,
    "Transfer": WORKERS,
    "Variant": EVERYBODY,
    "Warehouse": WORKERS,
    "Webhook": OFFICE,
    "WebhookDelivery": OFFICE,
}
# Of types that are called otherwise.
TABLES = {"AuditEntry": "ContactLook"}


@dataclass
class Chain:
    merchant: Organisation
    region: Organisation
    store: Organisation
    world: World
    ids: dict[str, int] = field(default_factory=dict)


async def a_chain(code: str, platform: Organisation) -> Chain:
    """A merchant with a region, a store in it, somebody who works there, a member, one thing of each type."""
    nodes: list[Organisation] = []
    for kind in (OrganisationKind.MERCHANT, OrganisationKind.REGION, OrganisationKind.STORE):
        above = nodes[-1] if nodes else platform
        node = await Organisation.create(
            code=f"{code}-{kind}", name=code, kind=kind, parent_id=above.id
        )
        node.path = f"{above.path}{node.id}/"
        node.merchant_id = nodes[0].id if nodes else node.id
        await node.save()
        nodes.append(node)
    merchant, region, store = nodes
    world: World = {Organisation: merchant}
    shop = await a_row(Location, world, kind=LocationKind.STORE, organisation_id=store.id)
    warehouse = await a_row(
        Location,
        {Organisation: merchant},
        kind=LocationKind.WAREHOUSE,
        organisation_id=merchant.id,
    )
    guide = await a_row(Staff, world)
    await StaffGrant.create(staff_id=guide.id, role=Role.GUIDE, organisation_id=store.id)
    await a_row(Product, world, status=ProductStatus.ACTIVE)
    member = await a_row(Member, world, guide_id=guide.id, home_store_id=shop.id)
    chain = Chain(merchant, region, store, world)
    chain.ids |= {
        "Store": shop.id,
        "Warehouse": warehouse.id,
        "CommissionPlan": merchant.id,
        "Organisation": region.id,
    }
    given: dict[str, dict[str, Any]] = {
        "ApiClient": {"scopes": ["STOCK_READ"]},
        "Order": {"member_id": member.id},
        "Cart": {"member_id": member.id, "guide_id": guide.id},
        "Commission": {"member_id": member.id, "payee_key": f"MEMBER:{member.id}", "rate": "0.05"},
        "MemberCard": {"member_id": member.id},
        "ShareLink": {"member_id": member.id},
        "Session": {"kind": SubjectKind.MEMBER, "subject_id": member.id},
        "StockMovement": {"to_state": "AVAILABLE"},
        "Transfer": {"source_id": warehouse.id},
        "WebhookDelivery": {"topic": "stock.changed"},
    }
    tables = Tortoise.apps["models"]
    client = await a_row(tables["ApiClient"], world, **given.pop("ApiClient"))
    given["BulkOperation"] = {"actor_kind": "API_CLIENT", "actor_id": client.id}
    for kind in (*given, *SEEN_BY):  # first those about which anything is said
        if kind not in chain.ids:
            row = await a_row(tables[TABLES.get(kind, kind)], world, **given.get(kind, {}))
            chain.ids[kind] = row.id
    return chain


def a_worker(chain: Chain, row_id: int, role: Role, node: Organisation) -> Actor:
    owner = None if node.kind is OrganisationKind.PLATFORM else chain.merchant.id
    grant = GrantedNode(node.id, node.path, ROLE_PERMISSIONS[role], role, owner)
    return Actor(ActorKind.STAFF, row_id, (grant,))


async def callers(ctx: Context, chain: Chain, platform: Organisation) -> dict[str, Context]:
    """Everybody who may ask, of this chain; what they ask is about its merchant."""
    ids, store = chain.ids, chain.store
    machine = GrantedNode(
        chain.merchant.id,
        chain.merchant.path,
        frozenset({Permission.STOCK_READ}),
        None,
        chain.merchant.id,
    )
    actors = {
        "stranger": Actor(),
        "guest": Actor(ActorKind.GUEST, (await Guest.create()).id),
        "member": Actor(ActorKind.MEMBER, ids["Member"], (), ids["Session"]),
        "guide": a_worker(chain, ids["Staff"], Role.GUIDE, store),
        "cashier": a_worker(chain, 10_001, Role.CASHIER, store),
        "manager": a_worker(chain, 10_002, Role.MANAGER, store),
        "admin": a_worker(chain, 10_003, Role.ADMIN, chain.merchant),
        "erp": Actor(ActorKind.API_CLIENT, ids["ApiClient"], (machine,)),
        "platform": a_worker(chain, 10_004, Role.ADMIN, platform),
    }
    return {
        name: replace(ctx, actor=actor, merchant_id=chain.merchant.id, memory={})
        for name, actor in actors.items()
    }


def global_ids(chain: Chain) -> dict[str, str]:
    return {kind: global_id(kind, chain.ids[kind]) for kind in SEEN_BY}


async def test_every_type_is_found_by_those_who_may_see_it_and_by_nobody_else(
    ctx: Context,
) -> None:
    types = schema._schema.type_map
    nodes = {each.name for each in schema._schema.get_possible_types(types["Node"])}  # type: ignore[arg-type]
    assert nodes == set(SEEN_BY) == set(Node.kinds), "say in SEEN_BY who sees a new type"

    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    own, foreign = await a_chain("A", platform), await a_chain("B", platform)
    seen: dict[str, set[str]] = {kind: set() for kind in SEEN_BY}
    leaked: dict[str, set[str]] = {kind: set() for kind in SEEN_BY}
    for name, caller in (await callers(ctx, own, platform)).items():
        for chain, found_by in ((own, seen), (foreign, leaked)):
            loaded = await load_nodes(caller, list(global_ids(chain).values()))
            for kind, node in zip(global_ids(chain), loaded, strict=True):
                if node is not None:
                    found_by[kind].add(name)
    differing = {kind: sorted(seen[kind]) for kind in SEEN_BY if seen[kind] != SEEN_BY[kind]}
    assert differing == {}
    assert {kind: names for kind, names in leaked.items() if names - {"platform"}} == {}


async def test_what_is_foreign_unknown_or_no_id_does_not_touch_the_others(ctx: Context) -> None:
    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    own, foreign = await a_chain("A", platform), await a_chain("B", platform)
    stranger = (await callers(ctx, own, platform))["stranger"]
    brand = global_id("Brand", own.ids["Brand"])
    ids = [
        brand,
        global_id("Brand", foreign.ids["Brand"]),
        "no ID",
        "é",
        "",
        global_id("Webhook", own.ids["Webhook"]),
        global_id("Nothing", 1),
        global_id("Brand", 10**17),
        brand,
    ]
    loaded = await load_nodes(stranger, ids)
    assert [getattr(each, "id", None) for each in loaded] == [brand, *[None] * 7, brand]
