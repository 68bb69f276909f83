"""Client applications by their codes, as headquarters or an ERP sends them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.accounts.channels import Channel
from models.accounts.clients import Storefront
from models.accounts.organisations import Organisation
from models.accounts.passwords import new_token
from models.accounts.roles import Permission
from models.errors import Duplicate, NotFound
from models.tables.bulk import assign
from resolvers.accounts.organisations.organisations import unknown_node
from resolvers.accounts.sessions import still_signed_in
from resolvers.bulk_rows import (
    BatchOutcome,
    Faults,
    OnError,
    lock_node,
    may_apply,
    outcomes_of,
    refuse_duplicates,
    run_batch,
)
from resolvers.context import Context
from resolvers.permissions import confirmed, may, requires
from resolvers.validation import code_of, line_of, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontDraft:
    """A client application by its code. Whether it is active stays as it is unless given."""

    code: str
    name: str
    channel: Channel
    organisation_code: str
    active: bool | None = None


@requires(Permission.STOREFRONT_WRITE)
@confirmed
async def upsert(
    ctx: Context, drafts: Sequence[StorefrontDraft], on_error: OnError, dry_run: bool = False
) -> BatchOutcome:
    """Add or change client applications of the merchant by code; a new one gets a key.

    Raises: InvalidInput for no rows or more than 500, NotFound without a merchant to write for,
    ConfirmationRequired, Expired where the caller's access is taken away meanwhile.
    """
    rows_of(drafts, "storefronts")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(
    ctx: Context, drafts: Sequence[StorefrontDraft], on_error: OnError
) -> BatchOutcome:
    merchant = await lock_node(ctx.merchant_id)
    if merchant is None:
        raise NotFound("There is no merchant here that is yours.", path=("storefronts",))
    await still_signed_in(ctx)
    known = await _known(merchant, [draft.code for draft in drafts])
    nodes = await _nodes(ctx, merchant, [draft.organisation_code for draft in drafts])
    rows = [(draft, Faults(("storefronts", index))) for index, draft in enumerate(drafts)]
    claims = [(draft.code, faults, ("code",)) for draft, faults in rows]
    refuse_duplicates(claims, "The code {code} stands in the batch twice.")
    for draft, faults in rows:
        _check(ctx, draft, faults, known.get(draft.code), nodes)
    outcomes = outcomes_of((draft.code, faults) for draft, faults in rows)
    if not may_apply(on_error, [faults for _, faults in rows]):
        return BatchOutcome(outcomes, rejected=True)
    created = updated = 0
    for draft, faults in rows:
        if faults:
            continue
        is_new = draft.code not in known
        changed = await _save(draft, known.get(draft.code), nodes[draft.organisation_code])
        created, updated = created + is_new, updated + (changed and not is_new)
    return BatchOutcome(outcomes, created=created, updated=updated)


async def _known(merchant: Organisation, codes: Collection[str]) -> dict[str | None, Storefront]:
    """The merchant's client applications with these codes, held until the transaction ends."""
    query = Storefront.filter(code__in=set(codes), organisation__path__startswith=merchant.path)
    held = query.select_for_update(of=("storefront",)).order_by("id")
    return {each.code: each for each in await held.prefetch_related("organisation")}


async def _nodes(
    ctx: Context, merchant: Organisation, codes: Collection[str]
) -> dict[str, Organisation]:
    """Those of the merchant's nodes with these codes where the caller may write.

    At another merchant's the same code would be another client application, each time anew.
    """
    found = await Organisation.filter(code__in=set(codes), path__startswith=merchant.path)
    return {each.code: each for each in found if may(ctx, Permission.STOREFRONT_WRITE, each.path)}


def _check(
    ctx: Context,
    draft: StorefrontDraft,
    faults: Faults,
    known: Storefront | None,
    nodes: Collection[str],
) -> None:
    """Name what is wrong with a row; `nodes` are the codes of those it may name."""
    faults.check(code_of, draft.code, "code")
    faults.check(line_of, draft.name, "name", 100)
    if known and not may(ctx, Permission.STOREFRONT_WRITE, known.organisation.path):
        faults.add(Duplicate("The code {code} is taken.", path=("code",), code=draft.code))
    if draft.organisation_code not in nodes:
        faults.add(unknown_node(draft.organisation_code, "organisationCode"))


async def _save(draft: StorefrontDraft, known: Storefront | None, node: Organisation) -> bool:
    """Write what is new or differs; return whether anything did."""
    storefront = known or Storefront(code=draft.code, key=new_token("qs"))
    columns = {
        "name": draft.name.strip(),
        "channel": draft.channel,
        "organisation_id": node.id,
        "merchant_id": node.merchant_key,
    }
    if draft.active is not None:
        columns["active"] = draft.active
    changed = assign(storefront, **columns)
    if known is None:
        await storefront.save(force_create=True)
    elif changed:
        await storefront.save(update_fields=list(columns))
    return bool(changed)
