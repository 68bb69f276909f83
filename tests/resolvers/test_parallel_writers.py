"""Two who change different things of one row at once: what both wrote stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from models.catalog.classification import Brand, Category
from models.catalog.prices import PriceList, PriceListKind
from models.integrations.webhooks import Webhook
from models.outbox import Topic
from models.referrals.commissions import CommissionLevel, CommissionPlan
from models.stock.documents.purchases import Supplier
from models.tables.bulk import columns_of, save_changed
from resolvers.accounts.bootstrap import PLATFORM_CODE
from resolvers.bulk_rows import OnError
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices.lists import PriceListDraft
from resolvers.catalog.products import upsert as catalog
from resolvers.context import Context
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.webhooks import WebhookChanges
from resolvers.referrals import plans
from resolvers.referrals.plans import PlanDraft
from resolvers.stock.purchasing import suppliers
from resolvers.stock.purchasing.suppliers import SupplierDraft
from tests.make.goods import a_product
from tests.make.prices import a_price_list

ROUNDS = 4
URL = "https://erp.example/a"


async def test_what_is_not_changed_is_not_written(ctx: Context) -> None:
    supplier = await Supplier.create(merchant_id=ctx.merchant_id, code="S", name="before")
    before = columns_of(supplier)
    # Somebody else, such as the rotation of keys, is between reading and writing.
    await Supplier.filter(id=supplier.id).update(encrypted_phone="anew", name="theirs")
    supplier.active = False
    await save_changed(supplier, before)
    found = await Supplier.get(id=supplier.id)
    assert (found.active, found.name, found.encrypted_phone) == (False, "theirs", "anew")
    assert found.updated_at > before["updated_at"]


async def test_suppliers(ctx: Context) -> None:
    for number in range(ROUNDS):
        code, phone = f"S{number}", f"024-{number}0000000"
        await suppliers.upsert(ctx, [SupplierDraft(code=code, name=code)], OnError.REJECT_ALL)
        await asyncio.gather(
            suppliers.upsert(
                ctx, [SupplierDraft(code=code, name=code, contact="Wang")], OnError.REJECT_ALL
            ),
            suppliers.upsert(
                ctx, [SupplierDraft(code=code, name=code, phone=phone)], OnError.REJECT_ALL
            ),
            suppliers.upsert(
                ctx, [SupplierDraft(code=code, name=code, active=False)], OnError.REJECT_ALL
            ),
        )
        found = await Supplier.get(code=code)
        assert (found.contact, found.phone, found.active) == ("Wang", phone, False)


async def test_price_lists(ctx: Context) -> None:
    for number in range(ROUNDS):
        code, ends = f"L{number}", ctx.now()
        await a_price_list(ctx, code, "CHANNEL", "APP")
        draft = PriceListDraft(code=code, name=code, kind=PriceListKind.CHANNEL, key="APP")
        await asyncio.gather(
            price_lists.upsert(ctx, [replace(draft, active=False)]),
            price_lists.upsert(ctx, [replace(draft, valid_to=ends)]),
        )
        found = await PriceList.get(code=code)
        assert (found.active, found.valid_to) == (False, ends)


async def test_webhooks(ctx: Context) -> None:
    for number in range(ROUNDS):
        hook, _ = await webhooks.create(ctx, URL, [Topic.STOCK_CHANGED], PLATFORM_CODE)
        url = f"https://erp.example/{number}"
        await asyncio.gather(
            webhooks.update(ctx, hook.id, WebhookChanges(url=url)),
            webhooks.update(ctx, hook.id, WebhookChanges(topics=[Topic.PRICE_CHANGED])),
            webhooks.rotate_secret(ctx, hook.id),
            Webhook.filter(id=hook.id).update(sequence=number + 7),
        )
        found = await Webhook.get(id=hook.id)
        assert (found.url, found.topics) == (url, ["price.changed"])
        assert (found.sequence, found.previous_salt) == (number + 7, hook.salt)


async def test_of_two_plans_one_stands_as_a_whole(ctx: Context) -> None:
    shallow = PlanDraft(levels=[(1, Decimal("0.05"))], guide_rate=Decimal("0.01"))
    deep = PlanDraft(
        levels=[(1, Decimal("0.02")), (2, Decimal("0.01"))], guide_rate=Decimal("0.02")
    )
    for _ in range(ROUNDS):
        await asyncio.gather(plans.set_plan(ctx, None, shallow), plans.set_plan(ctx, None, deep))
        (plan,) = await CommissionPlan.all()
        levels = await CommissionLevel.filter(plan_id=plan.id).count()
        assert (plan.guide_rate, levels) in {("0.01", 1), ("0.02", 2)}


async def test_brands_and_categories(ctx: Context) -> None:
    await catalog.upsert(
        ctx, [a_product("P", brand_code="B", category_code="C")], OnError.REJECT_ALL
    )
    for number in range(ROUNDS):
        outcomes = await asyncio.gather(
            catalog.upsert(
                ctx, [a_product("P", brand_code="B", brand_name=f"b{number}")], OnError.REJECT_ALL
            ),
            catalog.upsert(
                ctx,
                [a_product("Q", category_code="C", category_name=f"c{number}")],
                OnError.REJECT_ALL,
            ),
            catalog.upsert(
                ctx,
                [a_product("R", category_code="C", category_parent_code=f"UP{number}")],
                OnError.REJECT_ALL,
            ),
        )
        assert [each.refusals for each in outcomes] == [[], [], []]
        brand, category = await Brand.get(code="B"), await Category.get(code="C")
        parent = await Category.get(code=f"UP{number}")
        assert (brand.name, category.name, category.parent_id) == (
            f"b{number}",
            f"c{number}",
            parent.id,
        )
