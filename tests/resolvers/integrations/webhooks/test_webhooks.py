from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateways.wiring import make_gateways
from models.database import execute, fetch, transaction
from models.errors import Expired, InvalidInput, NotFound, PermissionDenied
from models.integrations.rules import BREAK_AFTER
from models.integrations.webhooks import DeliveryStatus, Webhook, WebhookDelivery
from models.outbox import OutboxEvent
from models.stores.locations import Location
from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below
from resolvers.background.outbox import Change, announce, give_sequences, last_sequence
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.integrations import retention
from resolvers.integrations.webhooks import delivery as webhooks_delivery
from resolvers.integrations.webhooks import log as webhooks_log
from resolvers.integrations.webhooks import webhooks
from resolvers.integrations.webhooks.counts import webhook_counts
from resolvers.integrations.webhooks.delivery import deliver_due
from resolvers.integrations.webhooks.webhooks import WebhookChanges
from resolvers.slices import Slice
from tests.make.killing import started
from tests.make.receiver import TestReceiver, receiving
from tests.make.sales import later
from tests.make.stock import a_location


@pytest.fixture
async def receiver() -> AsyncIterator[TestReceiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def shop(ctx: Context) -> Location:
    return await a_location(ctx)


@pytest.fixture
def local(ctx: Context) -> Context:
    """The system, which may deliver to this machine."""
    return waiting(ctx, 30)


def waiting(ctx: Context, seconds: int) -> Context:
    """The same, for so long for an answer."""
    settings = dataclasses.replace(
        ctx.settings, webhook_private_addresses=True, webhook_seconds=seconds, webhook_attempts=3
    )
    return dataclasses.replace(ctx, settings=settings, gateways=make_gateways(settings))


async def say(ctx: Context, shop: Location, *numbers: int, topic: str = "stock.changed") -> None:
    await transaction(
        announce,
        ctx,
        [
            Change(
                topic=topic,
                node_type="StockLevel",
                node_id=number,
                merchant_id=shop.merchant_id,
                organisation_id=shop.organisation_id,
            )
            for number in numbers
        ],
    )


async def hook(ctx: Context, receiver: TestReceiver, **more: Any) -> tuple[Webhook, str]:
    given = {"url": receiver.url, "topics": ["stock.changed"], "organisation_code": "PLATFORM"}
    node = more.pop("node", None)
    if node is None:
        from models.accounts.organisations import Organisation

        node = await Organisation.get(id=ctx.merchant_id)
    return await webhooks.create(ctx, **{**given, "organisation_code": node.code, **more})


async def log_of(webhook: Webhook) -> list[WebhookDelivery]:
    return await WebhookDelivery.filter(webhook_id=webhook.id).order_by("sequence")


async def test_changes_arrive_signed_and_once(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    await say(local, shop, 1)
    webhook, secret = await hook(local, receiver)
    await say(local, shop, 2, 3, 2)
    await say(local, shop, 4, topic="order.changed")
    assert await deliver_due(local) == 3
    assert await deliver_due(local) == 0
    messages = receiver.messages
    assert sorted(receiver.sequences) == [2, 3, 4]
    assert all(message.is_signed_with(secret) for message in messages)
    assert not any(message.is_signed_with("whsec_" + "A" * 44) for message in messages)
    assert len({message.headers["webhook-id"] for message in messages}) == 3
    first = next(message for message in messages if message.sequence == 2)
    assert set(first.json) == {"sequence", "topic", "nodeId", "occurredAt", "actorId"}
    assert first.json["topic"] == "stock.changed"
    assert {row.status for row in await log_of(webhook)} == {DeliveryStatus.DELIVERED}
    assert (await Webhook.get(id=webhook.id)).sequence == await last_sequence()


async def test_changes_of_one_node_keep_their_order_and_others_go_beside(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    await hook(local, receiver)
    await say(local, shop, *([1, 2, 3, 4, 5, 6] * 5))
    assert await deliver_due(local) == 30
    of_one = [
        m.sequence
        for m in receiver.messages
        if m.json["nodeId"] == receiver.messages[0].json["nodeId"]
    ]
    assert of_one == sorted(of_one)
    assert len(of_one) == 5
    assert 1 < receiver.most_at_once <= webhooks_delivery.AT_ONCE


async def test_a_failure_is_tried_again_and_again_and_then_dead(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    webhook, secret = await hook(local, receiver)
    receiver.answer = lambda message: 500 if message.sequence == 1 else 200
    await say(local, shop, 1, 2)
    assert await deliver_due(local) == 2
    failed, arrived = await log_of(webhook)
    assert (failed.status, failed.attempts, failed.response_status) == ("RETRYING", 1, 500)
    assert failed.last_error == "500: no"
    assert arrived.status == DeliveryStatus.DELIVERED
    assert failed.next_attempt_at is not None
    assert timedelta(seconds=5) <= failed.next_attempt_at - local.now() <= timedelta(seconds=10)
    assert await deliver_due(local) == 0
    for hours in (1, 8):
        await deliver_due(later(local, hours=hours))
    (dead, _) = await log_of(webhook)
    assert (dead.status, dead.attempts, dead.next_attempt_at) == ("DEAD", 3, None)
    assert len({m.body for m in receiver.messages if m.sequence == 1}) == 1
    (counts,) = await webhook_counts()
    assert (counts.delivered, counts.failed, counts.dead, counts.waiting) == (1, 3, 1, 0)
    afterwards = later(local, days=3)
    assert await deliver_due(afterwards) == 0
    receiver.answer = lambda message: 200
    again = await webhooks_log.redeliver(afterwards, dead.id)
    assert (again.status, again.attempts) == ("QUEUED", 0)
    assert await deliver_due(afterwards) == 1
    assert receiver.messages[-1].is_signed_with(secret)
    assert (await log_of(webhook))[0].status == DeliveryStatus.DELIVERED
    await say(local, shop, 3)
    await give_sequences()
    (counts,) = await webhook_counts()
    assert (counts.active, counts.delivered, counts.unread) == (True, 2, 1)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("hang", "did not answer within 1 s"),
        ("drip", "did not answer within 1 s"),
        (302, "302"),
        (404, "404"),
    ],
)
async def test_what_is_no_success_is_a_failure(
    local: Context, receiver: TestReceiver, shop: Location, answer: int | str, error: str
) -> None:
    webhook, _ = await hook(local, receiver)
    receiver.answer = lambda message: answer
    await say(local, shop, 1)
    patient = isinstance(answer, int)
    assert await deliver_due(local if patient else waiting(local, 1)) == 1
    (row,) = await log_of(webhook)
    assert row.status == DeliveryStatus.RETRYING
    assert error in (row.last_error or "")
    assert len(receiver.messages) == 1


async def test_an_endless_answer_is_cut_short(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    webhook, _ = await hook(local, receiver)
    receiver.answer = lambda message: "flood"
    await say(local, shop, 1)
    await deliver_due(local)
    (row,) = await log_of(webhook)
    assert row.status == DeliveryStatus.DELIVERED


async def test_a_receiver_that_is_down_is_left_alone_then_paused_and_misses_nothing(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    settings = dataclasses.replace(local.settings, webhook_attempts=16)
    local = dataclasses.replace(local, settings=settings)
    webhook, _ = await hook(local, receiver)
    receiver.answer = lambda message: 503
    await say(local, shop, *range(200))
    assert BREAK_AFTER <= await deliver_due(local) <= webhooks_delivery.AT_ONCE
    assert await deliver_due(local) == 0
    assert await deliver_due(later(local, seconds=17)) == 1
    asked = len(receiver.messages)
    found = await Webhook.get(id=webhook.id)
    assert found.active
    assert found.failing_since is not None
    assert found.last_error == "503: no"
    await deliver_due(later(local, hours=49))
    assert not (await Webhook.get(id=webhook.id)).active
    assert await deliver_due(later(local, hours=60)) == 0
    assert len(receiver.messages) == asked + 1
    receiver.answer = lambda message: 200
    receiver.messages.clear()
    await webhooks.update(local, webhook.id, WebhookChanges(active=True))
    for hours in (61, 62, 63, 64):
        await deliver_due(later(local, hours=hours))
    assert sorted(set(receiver.sequences)) == list(range(1, 201))


async def test_workers_at_once_send_each_message_once(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    async with receiving() as second:
        await hook(local, receiver)
        await hook(local, second)
        await say(local, shop, *range(40))
        counts = await asyncio.gather(*(deliver_due(local) for _ in range(4)))
        assert sum(counts) == 80
        for each in (receiver, second):
            assert sorted(each.sequences) == list(range(1, 41))


@pytest.mark.own_database
async def test_a_killed_workers_claim_runs_out(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    webhook, _ = await hook(local, receiver)
    receiver.answer = lambda message: "hang"
    await say(local, shop, 1)
    killed = started(local.settings, deliver_due)
    async with asyncio.timeout(60):
        await receiver.something_came.wait()
    killed.kill()
    await asyncio.to_thread(killed.join)
    receiver.answer = lambda message: 200
    assert await deliver_due(local) == 0
    assert await deliver_due(later(local, minutes=2)) == 1
    assert receiver.sequences == [1, 1]
    assert (await log_of(webhook))[0].status == DeliveryStatus.DELIVERED


async def test_a_replay_sends_again_under_the_same_ids(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    await say(local, shop, 1, 2)
    webhook, _ = await hook(local, receiver)
    await say(local, shop, 3, 4)
    await deliver_due(local)
    before = {m.headers["webhook-id"] for m in receiver.messages}
    await webhooks.replay(local, webhook.id, 1)
    assert await deliver_due(local) == 3
    assert sorted(receiver.sequences[2:]) == [2, 3, 4]
    assert before < {m.headers["webhook-id"] for m in receiver.messages[2:]}
    assert len(await log_of(webhook)) == 3
    for wrong in (-1, 5):
        with pytest.raises(InvalidInput):
            await webhooks.replay(local, webhook.id, wrong)
    await execute("DELETE FROM outbox_event WHERE sequence <= 2")
    with pytest.raises(Expired):
        await webhooks.replay(local, webhook.id, 1)
    await webhooks.replay(local, webhook.id, 2)


async def test_a_rotated_secret_overlaps_the_old_one_for_a_day(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    webhook, old = await hook(local, receiver)
    _, new = await webhooks.rotate_secret(local, webhook.id)
    assert old != new
    for ctx, both in ((local, True), (later(local, hours=25), False)):
        await say(local, shop, 1)
        await deliver_due(ctx)
        assert receiver.messages[-1].is_signed_with(new)
        assert receiver.messages[-1].is_signed_with(old) is both


async def test_a_webhook_hears_of_its_own_part_of_the_tree_only(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    from models.accounts.organisations import Organisation, OrganisationKind

    other = await a_location(local)
    node = await Organisation.get(id=shop.organisation_id)
    await hook(local, receiver, node=node, topics=["*"])
    await say(local, other, 1)
    await say(local, shop, 2, topic="order.changed")
    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    rival = await create_below(
        platform, OrganisationDraft(code="RIVAL", name="Rival", kind=OrganisationKind.MERCHANT)
    )
    await transaction(
        announce,
        local,
        [Change(topic="order.changed", node_type="Order", node_id=9, merchant_id=rival.id)],
    )
    await deliver_due(local)
    assert receiver.sequences == [2]


async def test_the_door_and_the_territory(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    from models.accounts.clients import ApiClient
    from models.accounts.organisations import Organisation
    from models.accounts.roles import Permission

    webhook, _ = await hook(local, receiver)
    node = await Organisation.get(id=shop.organisation_id)
    machine = await ApiClient.create(
        name="erp", secret_hash="h", scopes=[], organisation_id=node.id
    )

    def somebody(*permissions: Permission) -> Context:
        grant = GrantedNode(node.id, node.path, frozenset(permissions), None, node.merchant_id)
        return dataclasses.replace(local, actor=Actor(ActorKind.API_CLIENT, machine.id, (grant,)))

    nobody = somebody(Permission.CHANGES_READ)
    half = somebody(Permission.WEBHOOK_WRITE)
    owner = somebody(Permission.WEBHOOK_WRITE, Permission.CHANGES_READ)
    for stranger in (nobody, half):
        with pytest.raises(PermissionDenied):
            await webhooks.create(stranger, receiver.url, ["*"], None)
    own, _ = await webhooks.create(owner, receiver.url, ["*"], None)
    assert own.organisation_id == node.id
    assert [each.id for each in await webhooks.all_of(owner, Slice(50))] == [own.id]
    with pytest.raises(NotFound):
        await webhooks.delete(owner, webhook.id)
    with pytest.raises(NotFound):
        await webhooks.create(owner, receiver.url, ["*"], "PLATFORM")
    await say(local, shop, 1)
    await deliver_due(local)
    await webhooks.delete(owner, own.id)
    assert await Webhook.all().count() == 1
    assert {row.webhook_id for row in await WebhookDelivery.all()} == {webhook.id}


async def test_bad_addresses_and_topics_are_refused(local: Context, receiver: TestReceiver) -> None:
    for url in (
        "",
        "nothing",
        "ftp://a.b/",
        "http://u:p@a.b/",
        "https://a.b/#c",
        "https://a.b:99999/",
        "https://a.b:0/",
        "https://a.b/a path",
        " https://a.b/",
        "   ",
        "https://" + "a" * 600,
    ):
        with pytest.raises(InvalidInput) as refused:
            await webhooks.create(local, url, ["*"], "PLATFORM")
        assert refused.value.path == ("url",)
    with pytest.raises(InvalidInput) as refused:
        await webhooks.create(local, receiver.url, [], "PLATFORM")
    assert refused.value.path == ("topics",)
    assert await Webhook.all().count() == 0


async def test_old_deliveries_and_changes_are_forgotten(
    local: Context, receiver: TestReceiver, shop: Location
) -> None:
    webhook, _ = await hook(local, receiver)
    receiver.answer = lambda message: 500 if message.sequence == 1 else 200
    await say(local, shop, 1, 2, 3)
    await deliver_due(local)
    assert await retention.forget_deliveries(later(local, days=13)) == 0
    assert await retention.forget_deliveries(later(local, days=15)) == 2
    assert [row.sequence for row in await log_of(webhook)] == [1]
    assert await retention.forget_changes(later(local, days=29)) == 0
    await OutboxEvent.filter(sequence=2).update(created_at=local.now() + timedelta(days=5))
    await say(local, shop, 4)
    await give_sequences()
    assert await retention.forget_changes(later(local, days=31)) == 1
    assert await retention.forget_changes(later(local, days=36)) == 3
    await say(local, shop, 5)
    await give_sequences()
    assert await last_sequence() == 5


async def test_changes_that_are_numbered_meanwhile_are_not_forgotten(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked_at_first(*statement: Any) -> list[dict[str, Any]]:
        found = await fetch(*statement)
        await give_sequences()
        return found

    monkeypatch.setattr(retention, "fetch", looked_at_first)
    change = Change(topic="stock.changed", node_type="StockLevel", node_id=1)
    for _ in range(2):  # the first ever, then the first after all others are old
        await transaction(announce, ctx, [change])
        await retention.forget_changes(ctx)
        assert await OutboxEvent.all().count() == 1
        aged = "UPDATE outbox_event SET created_at = ?"
        await transaction(execute, aged, later(ctx, days=-31).now())
