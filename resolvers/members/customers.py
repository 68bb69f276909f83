"""The customer in front of a till or guide: who it is, by what they show or say."""

from __future__ import annotations

from dataclasses import dataclass

from models.accounts.roles import Permission
from models.errors import InvalidInput, NotFound, Refusal
from models.members.members import Member
from resolvers.context import Context
from resolvers.members import codes, members, phones
from resolvers.members.visibility import mark_identified, mark_named
from resolvers.permissions import requires
from resolvers.validation import phone_of

_FIELDS = {
    "member_id": "memberId",
    "member_code": "memberCode",
    "card_number": "cardNumber",
    "phone": "phone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDraft:
    """Exactly one of these."""

    member_id: int | None = None
    member_code: str | None = None
    card_number: str | None = None
    phone: str | None = None

    @property
    def is_hearsay(self) -> bool:
        """Whether the customer need not be there to be named so."""
        return self.phone is not None

    @property
    def given(self) -> str:
        """The name of the one that is given. Raises: InvalidInput."""
        names = [name for name in _FIELDS if getattr(self, name) is not None]
        if len(names) != 1:
            raise InvalidInput("Name the customer in exactly one way.", path=("customer",))
        return names[0]


@requires(Permission.MEMBER_IDENTIFY)
async def identified(ctx: Context, draft: CustomerDraft) -> Member:
    """The member; a code is used up with the caller's transaction, in which this runs.

    By ID only one whom the caller may see. A phone shows the masked name and the tier, and no records.
    The caller bounds how often it may be guessed.

    Raises: InvalidInput, NotFound, Expired, StateConflict.
    """
    name = draft.given
    try:
        member = await _found(ctx, draft)
    except Refusal as refusal:
        refusal.path = ("customer", _FIELDS[name])
        raise
    mark = mark_named if draft.is_hearsay else mark_identified
    mark(ctx, member)
    return member


async def _found(ctx: Context, draft: CustomerDraft) -> Member:
    if draft.member_id is not None:
        return await _of_this_merchant(ctx, draft.member_id)
    if draft.member_code is not None:
        return await codes.by_code(ctx, draft.member_code.replace(" ", ""))
    if draft.card_number is not None:
        return await codes.by_card(ctx, draft.card_number.replace(" ", ""))
    member_id = None
    if ctx.merchant_id is not None:
        member_id = await phones.member_with(ctx.merchant_id, phone_of(draft.phone or "", "phone"))
    if member_id is None:
        raise NotFound("There is no member with this phone.")
    return await Member.get(id=member_id)


async def _of_this_merchant(ctx: Context, member_id: int) -> Member:
    member = await members.get(ctx, member_id)
    if member.merchant_id != ctx.merchant_id:
        raise NotFound("There is no such member.")
    return member
