"""Two chains in one database, alike and strangers to each other, and everybody who may ask for something.

A `Territory` names one thing of each kind by a word (`"Order"`, `"Order.number"`), so that the same
question can be asked about one's own, about another store's of the same chain, and about the other chain's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from models.accounts.roles import Permission, Role
from models.integrations.webhooks import DeliveryStatus, WebhookDelivery
from models.orders.fulfilments import PrintTicket
from schema.nodes.nodes import global_id, split_id
from tests.make.api import Api
from tests.make.bulk import upload

ERRORS = "userErrors { code message path }"
PASSWORD = "long-enough-password"
AT_HEADQUARTERS = (Role.MERCHANDISER, Role.STOCK_CONTROLLER, Role.FINANCE, Role.MARKETER)
IN_A_STORE = (Role.MANAGER, Role.GUIDE, Role.CASHIER, Role.PICKER)


@dataclass
class Territory:
    """What one of each kind is called, by words."""

    words: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, word: str) -> Any:
        return self.words[word]


@dataclass
class Chain:
    """`stores`: the territories of two stores; what belongs to none is in both."""

    code: str
    admin: Api
    storefront: Api
    stores: list[Territory]
    callers: dict[str, Api] = field(default_factory=dict)


async def a_chain(platform: Api, code: str, phones: int, stores: int = 2) -> Chain:
    """A merchant with so many stores, documents, an ERP and staff, made by the platform's `platform`."""
    tree = {"code": code, "name": code, "kind": "MERCHANT"}
    organisation = (await _do(platform, "organisationUpsert", tree, "organisation { id }"))[
        "organisation"
    ]
    admin = await _staff(platform, code, Role.ADMIN, code)
    # One that is used, and one that may be asked about.
    for name in (f"{code} used", code):
        given = {"name": name, "channel": "WECHAT", "organisationCode": code}
        found = await _do(admin, "storefrontCreate", given, "storefront { id key }")
        if name != code:
            storefront = platform.as_(None).through(found["storefront"]["key"])
    shared = {"Organisation": organisation["id"], "Storefront": found["storefront"]["id"]}
    shared |= {"Organisation.code": code}
    await _goods(admin, code, stores)
    shared |= await _documents_of_all(admin, code)
    shared |= {"Warehouse": await _warehouse(admin, code), "Warehouse.code": f"{code}-W"}
    chain = Chain(code, admin, storefront, [])
    for number in range(1, stores + 1):
        words = await _store(chain, f"{code}-S{number}", shared, f"1380{phones + number:07}")
        chain.stores.append(Territory(words))
    one, *others = chain.stores
    lines = [{"variantId": shared["Variant"], "quantity": 1}]
    for other in others:
        asked = {"sourceId": one["Store"], "destinationId": other["Store"], "lines": lines}
        key = _key(other["Store.code"], "transfer")
        shared |= await _document(admin, "transferRequest", "transfer", asked | key)
    await _callers(chain, shared)
    for store in chain.stores:
        store.words |= {key: value for key, value in shared.items() if key not in store.words}
    return chain


async def _warehouse(admin: Api, code: str) -> str:
    found = await admin.ask("query($c: String!) { warehouse(code: $c) { id } }", c=f"{code}-W")
    house: str = found["warehouse"]["id"]
    return house


async def _goods(admin: Api, code: str, count: int) -> None:
    stores = [
        {
            "code": f"{code}-S{number}",
            "name": f"{code} {number}",
            "organisationCode": code,
            "address": {"street": "太原街1号"},
            "position": {"latitude": 41.79, "longitude": 123.39},
            "services": ["PICKUP", "DELIVERY", "CARRY_OUT"],
        }
        for number in range(1, count + 1)
    ]
    house = {
        "code": f"{code}-W",
        "name": "Warehouse",
        "organisationCode": code,
        "kind": "WAREHOUSE",
    }
    house |= {"address": {"street": "仓库路1号"}}
    await _do(admin, "storeUpsert", {"stores": [*stores, house]}, "created")
    gtin = {"HOME": "6901234567892", "RIVAL": "6901234567908"}[code]
    product = {
        "code": f"{code}-P",
        "slug": f"{code.lower()}-slug",
        "name": "纯牛奶",
        "brandCode": f"{code}-B",
        "brandName": "Brand",
        "categoryCode": f"{code}-C",
        "categoryName": "Category",
        "variants": [
            {"sku": f"{code}-1", "price": "9.90", "gtins": [gtin]},
            {"sku": f"{code}-PHONE", "price": "99.00", "tracksSerials": True},
        ],
    }
    await _do(admin, "catalogUpsert", {"products": [product]}, "created")
    rows = [{"locationCode": each["code"], "sku": f"{code}-1", "quantity": 50} for each in stores]
    await _do(admin, "stockSet", {"rows": rows, "idempotencyKey": f"{code} stock"}, "__typename")
    for each in stores:
        phone = {
            "locationCode": each["code"],
            "sku": f"{code}-PHONE",
            "fromState": "OUTSIDE",
            "toState": "AVAILABLE",
            "quantity": 1,
            "reason": "PURCHASE_RECEIPT",
            "serials": [f"{each['code']}-SERIAL"],
            "idempotencyKey": f"{each['code']} phone",
        }
        await _do(admin, "stockAdjust", phone, "__typename")


async def _documents_of_all(admin: Api, code: str) -> dict[str, Any]:
    """What belongs to the chain as a whole."""
    price_list = {"code": f"{code}-L", "name": "WeChat", "kind": "CHANNEL", "key": "WECHAT"}
    price_list |= {"validFrom": None, "validTo": None}
    await _do(admin, "priceListUpsert", {"priceLists": [price_list]}, "created")
    suppliers = [{"code": f"{code}-SUP", "name": "Supplier"}]
    await _do(admin, "supplierUpsert", {"suppliers": suppliers}, "created")
    plan = {"levels": [{"level": 1, "rate": "0.05"}], "guideRate": "0.01", "freezeDays": 7}
    await _do(admin, "commissionPlanSet", plan, "__typename")
    hook = {"url": "https://example.com/hook", "topics": ["ALL"]}
    webhook = (await _do(admin, "webhookCreate", hook, "webhook { id }"))["webhook"]
    delivery = await WebhookDelivery.create(
        webhook_id=(split_id(webhook["id"]) or ("", 0))[1],
        sequence=1,
        topic="stock.changed",
        node=webhook["id"],
        body="{}",
        status=DeliveryStatus.DEAD,
    )
    uploaded = await upload(admin, f"{code}.jsonl", "{}\n", kind="STORES")
    found = await admin.ask(
        """query($sku: String!, $phone: String!, $code: String!) {
          variant(sku: $sku) { id product { id slug brand { id } category { id } } gtins }
          phone: variant(sku: $phone) { id } priceLists { edges { node { id code } } }
          supplier(code: $code) { id } commissionPlan { id } }""",
        sku=f"{code}-1",
        phone=f"{code}-PHONE",
        code=f"{code}-SUP",
    )
    product = found["variant"]["product"]
    return {
        "Variant": found["variant"]["id"],
        "Variant.sku": f"{code}-1",
        "Variant.phone": f"{code}-PHONE",
        "gtin": found["variant"]["gtins"][0],
        "Product": product["id"],
        "Product.code": f"{code}-P",
        "Product.slug": product["slug"],
        "Brand": product["brand"]["id"],
        "Brand.code": f"{code}-B",
        "Category": product["category"]["id"],
        "Category.code": f"{code}-C",
        "PriceList": found["priceLists"]["edges"][0]["node"]["id"],
        "PriceList.code": f"{code}-L",
        "Supplier": found["supplier"]["id"],
        "Supplier.code": f"{code}-SUP",
        "CommissionPlan": (found["commissionPlan"] or {}).get("id"),
        "Webhook": webhook["id"],
        "WebhookDelivery": global_id("WebhookDelivery", delivery.id),
        "BulkOperation": uploaded["data"]["bulkOperationCreate"]["bulkOperation"]["id"],
    }


async def _store(chain: Chain, code: str, shared: dict[str, Any], phone: str) -> dict[str, Any]:
    """Everything that belongs to one store, and a member who has bought there."""
    admin = chain.admin
    place = (await admin.ask("query($c: String!) { store(code: $c) { id } }", c=code))["store"][
        "id"
    ]
    words = {"Store": place, "Store.code": code, "SerialNumber.serial": f"{code}-SERIAL"}
    lines = [{"variantId": shared["Variant"], "quantity": 2}]
    given = {"destinationId": place, "supplierCode": shared["Supplier.code"]}
    given |= {"lines": [{**lines[0], "unitCost": "1.00"}]} | _key(code, "po")
    words |= await _document(admin, "purchaseOrderCreate", "purchaseOrder", given)
    given = {"locationId": place, "supplierCode": shared["Supplier.code"], "lines": lines}
    words |= await _document(
        admin, "supplierReturnCreate", "supplierReturn", given | _key(code, "r")
    )
    given = {"locationId": place, "variantIds": [shared["Variant"]]}
    words |= await _document(admin, "stocktakeOpen", "stocktake", given)
    words["member"] = member = await _member(chain, phone)
    words["phone"] = phone
    words |= await _bought(member, place, shared["Variant"], code)
    viewer = "{ me { id number cards { id number } referral { token } } }"
    me = (await member.ask(viewer))["me"]
    words |= {"Member": me["id"], "Member.number": me["number"]}
    words |= {"Member.token": me["referral"]["token"]}
    words |= {"MemberCard": me["cards"][0]["id"], "MemberCard.number": me["cards"][0]["number"]}
    return words


async def _bought(member: Api, place: str, variant: str, key: str) -> dict[str, Any]:
    cart = await _do(
        member,
        "cartCreate",
        {"lines": [{"variantId": variant, "quantity": 1}]},
        "cart { id token }",
    )
    checkout = {
        "lines": [{"variantId": variant, "quantity": 2}],
        "fulfilments": [{"method": "STORE_PICKUP", "storeId": place}],
    }
    parts = "order { id number lines { id } payments { id } fulfilments { id } }"
    given = {"checkout": checkout, "idempotencyKey": f"{key} order"}
    order = (await _do(member, "checkoutPlace", given, parts))["order"]
    given = {"orderId": order["id"], "provider": "SANDBOX", "flow": "NATIVE"} | _key(key, "pay")
    payment = (await _do(member, "paymentStart", given, "payment { id codeUrl }"))["payment"]
    await member.client.post(payment["codeUrl"])
    fulfilment = order["fulfilments"][0]["id"]
    ticket = await PrintTicket.get(fulfilment_id=(split_id(fulfilment) or ("", 0))[1])
    shared = await _do(
        member, "shareLinkCreate", {"target": "STORE", "storeId": place}, "shareLink { id token }"
    )
    return {
        "Cart": cart["cart"]["id"],
        "Cart.token": cart["cart"]["token"],
        "Order": order["id"],
        "Order.number": order["number"],
        "OrderLine": order["lines"][0]["id"],
        "Fulfilment": fulfilment,
        "PrintTicket": global_id("PrintTicket", ticket.id),
        "Payment": payment["id"],
        "ShareLink": shared["shareLink"]["id"],
        "ShareLink.token": shared["shareLink"]["token"],
    }


async def _callers(chain: Chain, shared: dict[str, Any]) -> None:
    code, admin = chain.code, chain.admin
    given = {"name": "ERP", "scopes": [*map(str, Permission)], "organisationCode": code}
    client = await _do(admin, "apiClientCreate", given, "secret")
    other = await _do(admin, "apiClientCreate", given | {"name": "Other"}, "client { id }")
    shared["ApiClient"] = other["client"]["id"]
    people = {"admin": admin, "erp": admin.as_(client["secret"])}
    for role in AT_HEADQUARTERS:
        people[role.lower()] = await _staff(admin, code, role, f"{code}-{role}")
    for role in IN_A_STORE:
        people[role.lower()] = await _staff(admin, f"{code}-S1", role, f"{code}-{role}")
    shared["Staff.username"] = f"{code}-{Role.GUIDE}".lower()
    viewer = "{ viewer { actor { ... on Staff { id } } } }"
    shared["Staff"] = (await people["guide"].ask(viewer))["viewer"]["actor"]["id"]
    await admin.as_(None).staff(code.lower(), PASSWORD)
    sessions = await admin.ask("{ viewer { sessions { id current } } }")
    shared["Session"] = next(
        each["id"] for each in sessions["viewer"]["sessions"] if not each["current"]
    )
    guest = await chain.storefront.guest()
    people |= {"member": chain.stores[0]["member"], "guest": guest, "anonymous": chain.storefront}
    chain.callers = people


async def _staff(admin: Api, organisation: str, role: Role, name: str) -> Api:
    given = {
        "username": name.lower(),
        "password": PASSWORD,
        "name": "Li Lei",
        "grants": [{"role": role, "organisationCode": organisation}],
    }
    await _do(admin, "staffCreate", given, "staff { id }")
    return await admin.as_(None).staff(name.lower(), given["password"])


async def _member(chain: Chain, phone: str) -> Api:
    visitor = chain.storefront
    await _do(visitor, "otpRequest", {"phone": phone}, "__typename")
    given = {"phone": phone, "code": visitor.codes_sent()[-1]["code"]}
    return visitor.as_((await _do(visitor, "otpSignIn", given, "accessToken"))["accessToken"])


async def _document(admin: Api, mutation: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    document = (await _do(admin, mutation, given, f"{name} {{ id number }}"))[name]
    kind = name[0].upper() + name[1:]
    return {kind: document["id"], f"{kind}.number": document["number"]}


async def _do(api: Api, mutation: str, given: dict[str, Any], selection: str) -> Any:
    kind = mutation[0].upper() + mutation[1:] + "Input"
    query = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} {ERRORS} }} }}"
    return await api.do(query, input=given)


def _key(*parts: object) -> dict[str, str]:
    return {"idempotencyKey": "-".join(map(str, parts))}
