"""Binding a member to whoever brought them: an upline in the tree, or a store and its guide.

A member's link binds the upline alone: the friend's sales count for the friend's own guide and store,
if there are any. A guide's link binds to the guide and their store, a store's link to the store.
The two stand side by side, and each is protected by the plan's terms: for life unless it says else.
"""

from __future__ import annotations

from models.database import execute, transaction
from models.errors import NotFound, ReferralCycle, ReferralLocked
from models.members.members import Member
from models.referrals.bindings import BindingKind, ReferralBinding
from models.referrals.rules import BindingTerms, would_cycle
from resolvers.attempts import attempt, guesses
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.members.members import change_of
from resolvers.permissions import for_members
from resolvers.referrals import commissions, plans, trees
from resolvers.referrals.tokens import Sharer, sharer_of

BATCH = 500


@for_members
async def bind_by_token(ctx: Context, token: str) -> Member:
    """Bind the caller through a link or another member's token; the same one again changes nothing.

    Raises: NotFound for a token that stands for nobody, ReferralCycle for one's own or that of somebody
    below, ReferralLocked while another binding is protected, RateLimited after many failures.
    """
    async with attempt(ctx, guesses(ctx, "share token", times=100, seconds=300)):
        return await transaction(_bind_by_token, ctx, token)


async def bind(ctx: Context, member: Member, sharer: Sharer, *, is_new: bool = False) -> Member:
    """Bind `member`, and answer them as they are afterwards. Runs inside the caller's transaction.

    `is_new` pays the plan's bounty to a guide for the registration.

    Raises: ReferralCycle, ReferralLocked; nothing has been changed then.
    """
    if sharer.member_id is not None:
        return await _bind_upline(ctx, member, sharer, sharer.member_id)
    if sharer.store_id is not None:
        return await _bind_store(ctx, member, sharer, is_new=is_new)
    return member


async def end_due(ctx: Context) -> int:
    """Close the bindings whose time has run out; nothing depends on it having run."""
    return await transaction(
        execute,
        "UPDATE referral_binding SET open_key = NULL WHERE id IN (SELECT id FROM referral_binding"
        f" WHERE open_key IS NOT NULL AND ended_at <= ? ORDER BY id LIMIT {BATCH})",
        ctx.now(),
    )


async def _bind_by_token(ctx: Context, token: str) -> Member:
    member = await Member.get(id=ctx.member_id)
    sharer = await sharer_of(member.merchant_id, token)
    if sharer is None:
        raise NotFound("This link is not known.", path=("token",))
    return await bind(ctx, member, sharer)


async def _bind_upline(ctx: Context, member: Member, sharer: Sharer, upline_id: int) -> Member:
    if upline_id == member.id:
        raise ReferralCycle("Nobody stands below themself.", path=("token",))
    await _lock_tree(ctx, member.merchant_id)
    if would_cycle(member.id, await trees.chain_above(upline_id)):
        raise ReferralCycle("This member stands below you already.", path=("token",))
    terms = (await plans.effective(member.merchant_id)).terms
    current = await _standing(member, BindingKind.UPLINE)
    if current and current.upline_id == upline_id and not _is_over(ctx, current):
        return member
    await _end(ctx, current, terms)
    await ReferralBinding.create(
        kind=BindingKind.UPLINE,
        member_id=member.id,
        upline_id=upline_id,
        share_link_id=sharer.share_link_id,
        through=sharer.through,
        open_key=member.id,
        created_at=ctx.now(),
        ended_at=terms.ends_at(ctx.now()),
    )
    await announce(ctx, [change_of(member)])
    return member


async def _bind_store(ctx: Context, member: Member, sharer: Sharer, *, is_new: bool) -> Member:
    member = await Member.select_for_update().get(id=member.id)
    plan = await plans.effective(member.merchant_id)
    current = await _standing(member, BindingKind.STORE)
    if current and (current.store_id, current.guide_id) == (sharer.store_id, sharer.guide_id):
        return member
    await _end(ctx, current, plan.terms)
    await ReferralBinding.create(
        kind=BindingKind.STORE,
        member_id=member.id,
        store_id=sharer.store_id,
        guide_id=sharer.guide_id,
        share_link_id=sharer.share_link_id,
        through=sharer.through,
        open_key=member.id,
        created_at=ctx.now(),
    )
    member.home_store_id, member.guide_id = sharer.store_id, sharer.guide_id
    await member.save(update_fields=["home_store_id", "guide_id"])
    if is_new and sharer.guide_id is not None:
        await commissions.pay_bounty(ctx, plan, member, sharer.guide_id)
    await announce(ctx, [change_of(member)])
    return member


async def _lock_tree(ctx: Context, merchant_id: int) -> None:
    """Whoever binds in this merchant's tree waits here, so that no two binds close a cycle together."""
    await execute(
        "INSERT INTO referral_tree_lock (merchant_id, created_at) VALUES (?, ?)"
        " ON CONFLICT (merchant_id) DO UPDATE SET merchant_id = excluded.merchant_id",
        merchant_id,
        ctx.now(),
    )


async def _standing(member: Member, kind: BindingKind) -> ReferralBinding | None:
    return await ReferralBinding.filter(open_key=member.id, kind=kind).first()


async def _end(ctx: Context, current: ReferralBinding | None, terms: BindingTerms) -> None:
    """Close the binding that stands. Raises: ReferralLocked while it is protected."""
    if current is None:
        return
    over = _is_over(ctx, current)
    if not over and terms.is_locked(current.created_at, ctx.now()):
        raise ReferralLocked("You are bound already.", path=("token",))
    current.open_key = None
    if not over:
        current.ended_at = ctx.now()
    await current.save(update_fields=["open_key", "ended_at"])


def _is_over(ctx: Context, binding: ReferralBinding) -> bool:
    return binding.ended_at is not None and binding.ended_at <= ctx.now()
