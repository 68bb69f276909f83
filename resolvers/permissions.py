"""The doors of the use cases, and the caller's territory behind them. Both are written only here."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.errors import ConfirmationRequired, NotSignedIn, PermissionDenied
from resolvers.context import ActorKind, Context

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=Any)
UseCase = Callable[Concatenate[Context, P], Coroutine[Any, Any, T]]
ITS_PERMISSION = "ITS PERMISSION"


class Guarded(Protocol):
    """What needs a permission of its own, such as a kind of document."""

    @property
    def permission(self) -> Permission: ...


G = TypeVar("G", bound=Guarded)


def requires(permission: Permission) -> Callable[[UseCase[P, T]], UseCase[P, T]]:
    """Only staff and API clients who hold `permission` somewhere may enter.

    Raises: NotSignedIn, PermissionDenied.
    """

    return _door(lambda ctx: refuse_without(ctx, permission), permission)


def refuse_without(ctx: Context, permission: Permission) -> None:
    """The same where it depends on what is asked. Raises: NotSignedIn, PermissionDenied."""
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    if permission not in ctx.actor.permissions:
        if ctx.actor.lacks_second_factor:
            raise PermissionDenied("Set a second factor first: your role asks for one.")
        raise PermissionDenied("This needs the permission {permission}.", permission=permission)


def requires_its_permission(
    use_case: Callable[Concatenate[Context, G, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Context, G, P], Coroutine[Any, Any, T]]:
    """Only staff and API clients may enter who hold the permission of the first argument after `ctx`.

    Raises: NotSignedIn, PermissionDenied.
    """

    @wraps(use_case)
    async def entered(ctx: Context, guarded: G, *arguments: P.args, **options: P.kwargs) -> T:
        refuse_without(ctx, guarded.permission)
        return await use_case(ctx, guarded, *arguments, **options)

    entered.admits = ITS_PERMISSION  # type: ignore[attr-defined]
    return entered  # type: ignore[return-value]


def for_staff(use_case: UseCase[P, T]) -> UseCase[P, T]:
    """Only staff may enter, whatever they are granted: it is about themselves."""

    def check(ctx: Context) -> None:
        if ctx.actor.kind is not ActorKind.STAFF:
            _not_for_this_actor(ctx, "Only staff can do this.")

    return _door(check, "STAFF")(use_case)


def for_customers(use_case: UseCase[P, T]) -> UseCase[P, T]:
    """Only guests and members may enter: whoever may own a cart or an order."""

    def check(ctx: Context) -> None:
        if not ctx.actor.is_customer:
            _not_for_this_actor(ctx, "Only a guest or a member can do this.")

    return _door(check, "CUSTOMER")(use_case)


def for_members(use_case: UseCase[P, T]) -> UseCase[P, T]:
    def check(ctx: Context) -> None:
        if ctx.actor.kind is not ActorKind.MEMBER:
            _not_for_this_actor(ctx, "Only a member can do this.")

    return _door(check, "MEMBER")(use_case)


def for_members_or(permission: Permission) -> Callable[[UseCase[P, T]], UseCase[P, T]]:
    """Members, who do it for themselves, and staff who hold `permission` somewhere."""

    def check(ctx: Context) -> None:
        if ctx.actor.kind is ActorKind.ANONYMOUS:
            raise NotSignedIn
        if ctx.actor.kind is not ActorKind.MEMBER and permission not in ctx.actor.permissions:
            raise PermissionDenied("This needs the permission {permission}.", permission=permission)

    return _door(check, f"MEMBER or {permission}")


def for_shoppers(use_case: UseCase[P, T]) -> UseCase[P, T]:
    """Customers, and staff who serve them at a counter."""

    def check(ctx: Context) -> None:
        if not ctx.actor.is_customer and Permission.CART_SERVE not in ctx.actor.permissions:
            _not_for_this_actor(ctx, "Only a customer, or staff who serve one, can do this.")

    return _door(check, "SHOPPER")(use_case)


def for_anyone(use_case: UseCase[P, T]) -> UseCase[P, T]:
    """Open to all; what is answered still depends on who asks."""
    return _door(lambda ctx: None, "ANYONE")(use_case)


def confirmed(use_case: UseCase[P, T]) -> UseCase[P, T]:
    """Staff may go on only if they have just shown password and second factor.

    It stands below the door of whatever changes who can get in, so that a stolen session is not enough.
    Machines have nothing but their secret to show.

    Raises: ConfirmationRequired.
    """
    return _checked(refuse_unconfirmed, use_case)


def refuse_unconfirmed(ctx: Context) -> None:
    """The same for one row of a batch. Raises: ConfirmationRequired."""
    if ctx.actor.kind is ActorKind.STAFF:
        minutes = timedelta(minutes=ctx.settings.confirmation_minutes)
        if ctx.actor.confirmed_at is None or ctx.now() - ctx.actor.confirmed_at > minutes:
            raise ConfirmationRequired


def may(ctx: Context, permission: Permission, path: str) -> bool:
    """Does the caller hold `permission` on the node of the tree at `path`?"""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return True
    grants = ctx.actor.grants
    return bool(grants) and any(  # most callers are customers, and lists ask for each row
        permission in grant.permissions and path.startswith(grant.path) for grant in grants
    )


def throughout(ctx: Context, permission: Permission) -> bool:
    """Does the caller hold `permission` on the whole merchant that the request is about, by a grant on it?

    Who does needs no search for what lies in their territory.
    """
    return ctx.actor.kind is ActorKind.SYSTEM or any(
        permission in grant.permissions and grant.organisation_id == ctx.merchant_id
        for grant in ctx.actor.grants
    )


def concerns(ctx: Context, merchant_id: int | None) -> bool:
    """Whether this merchant is the one that the request is about, or one where the caller has any right."""
    if ctx.actor.kind is ActorKind.SYSTEM or merchant_id == ctx.merchant_id:
        return True
    return works_for(ctx, merchant_id)


def works_for(ctx: Context, merchant_id: int | None) -> bool:
    """Whether the caller has any right at this merchant, or at the platform."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return True
    return any(grant.merchant_id in (None, merchant_id) for grant in ctx.actor.grants)


def scoped(query: QuerySet[M], ctx: Context, permission: Permission, node: str) -> QuerySet[M]:
    """Cut a query to where the caller holds `permission`; `node` leads to an organisation.

    `scoped(Location.all(), ctx, Permission.STOCK_READ, "organisation")`; organisations themselves are
    reached by an empty `node`.
    """
    path = f"{node}__path" if node else "path"
    if ctx.actor.kind is ActorKind.SYSTEM:
        return query
    paths = [grant.path for grant in ctx.actor.grants if permission in grant.permissions]
    if not paths:
        return query.filter(id=-1)
    return query.filter(Q(*(Q(**{f"{path}__startswith": each}) for each in paths), join_type="OR"))


def _door(
    check: Callable[[Context], None], admits: str
) -> Callable[[UseCase[P, T]], UseCase[P, T]]:
    def decorate(use_case: UseCase[P, T]) -> UseCase[P, T]:
        entered = _checked(check, use_case)
        entered.admits = admits  # type: ignore[attr-defined]
        return entered

    return decorate


def _checked(check: Callable[[Context], None], use_case: UseCase[P, T]) -> UseCase[P, T]:
    @wraps(use_case)
    async def entered(ctx: Context, *arguments: P.args, **options: P.kwargs) -> T:
        check(ctx)
        return await use_case(ctx, *arguments, **options)

    return entered  # type: ignore[return-value]


def _not_for_this_actor(ctx: Context, sentence: str) -> None:
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    raise PermissionDenied(sentence)
