"""Webhooks: addresses that are told of what changes in one part of the organisation tree."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tortoise.queryset import QuerySet

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.database import after_commit, transaction
from models.errors import InvalidInput, LimitExceeded, NotFound, PermissionDenied
from models.integrations.signing import salt_of, secrets_of
from models.integrations.webhooks import Webhook, WebhookDelivery
from models.outbox import Topic
from models.tables.bulk import columns_of, save_changed
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.accounts.sessions import still_signed_in
from resolvers.background.outbox import give_sequences, last_sequence, refuse_forgotten
from resolvers.bulk_rows import KEEP, Unset
from resolvers.context import Context
from resolvers.permissions import confirmed, may, requires, scoped
from resolvers.slices import Slice
from resolvers.sql_pagination import kept
from resolvers.validation import text_of

MAXIMUM = 50
LONGEST_URL = 500
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookQuery:
    """Webhooks at or below a node; what is None cuts nothing."""

    organisation_code: str | None = None
    active: bool | None = None
    failing: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanges:
    """What to change of a webhook; KEEP leaves a column as it is."""

    url: str | Unset = KEEP
    topics: Sequence[Topic] | Unset = KEEP
    active: bool | Unset = KEEP


@requires(Permission.WEBHOOK_WRITE)
@confirmed
async def create(
    ctx: Context, url: str, topics: Sequence[Topic], organisation_code: str | None
) -> tuple[Webhook, str]:
    """A webhook for what changes at a node of the tree and below it, from now on; and its secret.

    Without a code the node is the one that the caller has rights on.

    Raises: InvalidInput, NotFound for the node, LimitExceeded, PermissionDenied.
    """
    _check_url(ctx, url)
    checked = _topics(topics)
    node = await _node(ctx, organisation_code)
    if not may(ctx, Permission.CHANGES_READ, node.path):
        raise PermissionDenied(
            "This needs the permission {permission}.", permission=Permission.CHANGES_READ
        )
    await give_sequences()

    async def insert() -> Webhook:
        await still_signed_in(ctx)
        if await Webhook.filter(organisation_id=node.id).count() >= MAXIMUM:
            raise LimitExceeded("An organisation has at most {maximum} webhooks.", maximum=MAXIMUM)
        return await Webhook.create(
            organisation_id=node.id,
            url=url,
            topics=checked,
            salt=salt_of(ctx.settings.keys, secrets.token_urlsafe(24)),
            sequence=await last_sequence(),
        )

    webhook = await transaction(insert)
    return webhook, secrets_of(ctx.settings.keys, webhook.salt)[0]


@requires(Permission.WEBHOOK_WRITE)
@confirmed
async def update(ctx: Context, webhook_id: int, changes: WebhookChanges) -> Webhook:
    """Change a webhook; one that was paused goes on where it stopped. Raises: InvalidInput, NotFound."""
    if not isinstance(changes.url, Unset):
        _check_url(ctx, changes.url)
    topics = KEEP if isinstance(changes.topics, Unset) else _topics(changes.topics)

    def change(webhook: Webhook) -> None:
        if not isinstance(changes.url, Unset) and changes.url != webhook.url:
            webhook.url = changes.url
            _take_back(webhook)
        if not isinstance(topics, Unset):
            webhook.topics = topics
        if not isinstance(changes.active, Unset) and changes.active != webhook.active:
            webhook.active = changes.active
            _take_back(webhook)

    return await transaction(_change, ctx, webhook_id, change)


@requires(Permission.WEBHOOK_WRITE)
@confirmed
async def rotate_secret(ctx: Context, webhook_id: int) -> tuple[Webhook, str]:
    """A new secret; for a day messages are signed with the one before too. Raises: NotFound."""

    def change(webhook: Webhook) -> None:
        webhook.previous_salt = webhook.salt
        webhook.salt = salt_of(ctx.settings.keys, secrets.token_urlsafe(24))
        webhook.previous_until = ctx.now() + OVERLAP

    webhook = await transaction(_change, ctx, webhook_id, change)
    return webhook, secrets_of(ctx.settings.keys, webhook.salt)[0]


@requires(Permission.WEBHOOK_WRITE)
async def replay(ctx: Context, webhook_id: int, after_sequence: int) -> Webhook:
    """Deliver every change after a sequence again, under the message IDs of the first time.

    Raises: NotFound, InvalidInput for a sequence yet to come, Expired for one no longer kept.
    """
    if not 0 <= after_sequence <= await last_sequence():
        raise InvalidInput("There is no such sequence yet.", path=("afterSequence",))
    await refuse_forgotten(after_sequence, "afterSequence")

    def change(webhook: Webhook) -> None:
        webhook.sequence = after_sequence
        _take_back(webhook)

    return await transaction(_change, ctx, webhook_id, change)


@requires(Permission.WEBHOOK_WRITE)
async def delete(ctx: Context, webhook_id: int) -> Webhook:
    """Remove a webhook with its log; what is on its way may still arrive. Raises: NotFound."""

    async def remove() -> Webhook:
        webhook = await _locked(ctx, webhook_id)
        await WebhookDelivery.filter(webhook_id=webhook.id).delete()
        await Webhook.filter(id=webhook.id).delete()
        return webhook

    return await transaction(remove)


@requires(Permission.WEBHOOK_WRITE)
async def all_of(
    ctx: Context, cut: Slice | None = None, wanted: WebhookQuery | None = None
) -> list[Webhook]:
    """A slice of those of the caller's part of the tree, oldest first; the first 250 unless told.

    Raises: NotFound for a node outside the caller's territory.
    """
    cut, query = cut or Slice(), await _wanted(ctx, wanted or WebhookQuery())
    return await query.order_by("id").offset(cut.skip).limit(cut.first)


@requires(Permission.WEBHOOK_WRITE)
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Webhook]:
    return {webhook.id: webhook for webhook in await _within(ctx).filter(id__in=ids)}


def _within(ctx: Context) -> QuerySet[Webhook]:
    return scoped(Webhook.all(), ctx, Permission.WEBHOOK_WRITE, "organisation")


async def _wanted(ctx: Context, wanted: WebhookQuery) -> QuerySet[Webhook]:
    query, code = _within(ctx), wanted.organisation_code
    if code is not None:
        path = ("filter", "organisationCode")
        node = await within_reach(ctx, kept(code), Permission.WEBHOOK_WRITE, *path)
        query = query.filter(organisation__path__startswith=node.path)
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    if wanted.failing is not None:
        query = query.filter(failing_since__isnull=not wanted.failing)
    return query


async def _change(ctx: Context, webhook_id: int, change: Callable[[Webhook], None]) -> Webhook:
    await still_signed_in(ctx)
    webhook = await _locked(ctx, webhook_id)
    before = columns_of(webhook)
    change(webhook)
    await save_changed(webhook, before)
    after_commit(ctx.gateways.bus.wake)
    return webhook


async def _locked(ctx: Context, webhook_id: int) -> Webhook:
    found = await _within(ctx).filter(id=webhook_id).exists()
    webhook = await Webhook.filter(id=webhook_id).select_for_update().first() if found else None
    if webhook is None:
        raise NotFound("There is no such webhook.", path=("webhookId",))
    return webhook


def _take_back(webhook: Webhook) -> None:
    """Begin anew: forget past failures, and let no worker write down what it still does."""
    webhook.failures = 0
    webhook.failing_since = webhook.resume_at = webhook.last_error = None
    webhook.claim = webhook.locked_until = None


def _check_url(ctx: Context, url: str) -> None:
    text_of(url, "url", LONGEST_URL)
    if fault := ctx.gateways.webhooks.fault(url):
        raise InvalidInput(fault, path=("url",))


def _topics(topics: Sequence[Topic]) -> list[str]:
    """Raises: InvalidInput for none."""
    if not topics:
        raise InvalidInput("Name at least one topic.", path=("topics",))
    return [str(each) for each in sorted({Topic.ALL} if Topic.ALL in topics else set(topics))]


async def _node(ctx: Context, organisation_code: str | None) -> Organisation:
    if organisation_code is not None:
        return await within_reach(
            ctx, organisation_code, Permission.WEBHOOK_WRITE, "organisationCode"
        )
    ids = {
        grant.organisation_id
        for grant in ctx.actor.grants
        if Permission.WEBHOOK_WRITE in grant.permissions
    }
    node = await Organisation.filter(id__in=ids).first() if len(ids) == 1 else None
    if node is not None and node.kind is OrganisationKind.PLATFORM and ctx.merchant_id:
        node = await Organisation.get(id=ctx.merchant_id)
    if node is None:
        raise InvalidInput("Say whose changes these are.", path=("organisationCode",))
    return node
