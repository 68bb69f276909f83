"""Client applications by their codes, as headquarters or an ERP sends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.channels import Channel
from models.accounts.clients import Storefront
from models.accounts.organisations import Organisation
from models.accounts.passwords import new_token
from models.accounts.roles import Permission
from models.bulk import assign
from models.errors import Duplicate, NotFound
from resolvers.accounts.organisations import within_reach
from resolvers.batches import (
    BatchOutcome,
    Faults,
    OnError,
    lock_node,
    outcomes_of,
    refuse_twins,
    run_batch,
    stands,
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

    Raises: InvalidInput for no rows or more than 500, NotFound without a merchant to write for.
    """
    rows_of(drafts, "storefronts")
    return await run_batch(_upsert, ctx, drafts, on_error, dry_run=dry_run)


async def _upsert(
    ctx: Context, drafts: Sequence[StorefrontDraft], on_error: OnError
) -> BatchOutcome:
    merchant = await lock_node(ctx.merchant_id)
    if merchant is None:
        raise NotFound("There is no merchant here that is yours.", path=("storefronts",))
    known = {
        each.code: each
        for each in await Storefront.filter(
            code__in=[draft.code for draft in drafts],
            organisation__path__startswith=merchant.path,
        ).prefetch_related("organisation")
    }
    rows = [(draft, Faults(("storefronts", index))) for index, draft in enumerate(drafts)]
    claims = [(draft.code, faults, ("code",)) for draft, faults in rows]
    refuse_twins(claims, "The code {code} stands in the batch twice.")
    nodes: dict[str, Organisation] = {}
    for draft, faults in rows:
        await _check(ctx, draft, faults, known.get(draft.code), nodes)
    outcomes = outcomes_of((draft.code, faults) for draft, faults in rows)
    if not stands(on_error, [faults for _, faults in rows]):
        return BatchOutcome(outcomes, rejected=True)
    created = updated = 0
    for draft, faults in rows:
        if faults:
            continue
        is_new = draft.code not in known
        changed = await _save(draft, known.get(draft.code), nodes[draft.organisation_code])
        created, updated = created + is_new, updated + (changed and not is_new)
    return BatchOutcome(outcomes, created=created, updated=updated)


async def _check(
    ctx: Context,
    draft: StorefrontDraft,
    faults: Faults,
    known: Storefront | None,
    nodes: dict[str, Organisation],
) -> None:
    """Name what is wrong with a row; add its node to `nodes`."""
    faults.check(code_of, draft.code, "code")
    faults.check(line_of, draft.name, "name", 100)
    if known and not may(ctx, Permission.STOREFRONT_WRITE, known.organisation.path):
        faults.add(Duplicate("The code {code} is taken.", path=("code",), code=draft.code))
    if draft.organisation_code in nodes:
        return
    try:
        nodes[draft.organisation_code] = await within_reach(
            ctx, draft.organisation_code, Permission.STOREFRONT_WRITE, "organisationCode"
        )
    except NotFound as refusal:
        faults.add(refusal)


async def _save(draft: StorefrontDraft, known: Storefront | None, node: Organisation) -> bool:
    """Write what is new or differs; return whether anything did."""
    storefront = known or Storefront(code=draft.code, key=new_token("qs"))
    columns = {"name": draft.name.strip(), "channel": draft.channel, "organisation_id": node.id}
    if draft.active is not None:
        columns["active"] = draft.active
    changed = assign(storefront, **columns)
    if changed or known is None:
        await storefront.save()
    return bool(changed)
