"""What of the demo's public credentials a database holds: with them everybody gets in."""

from __future__ import annotations

from tortoise.expressions import Q

from models.accounts.clients import ApiClient
from models.accounts.passwords import NO_PASSWORD, token_hash, verify_password
from models.accounts.staff import Staff
from resolvers.accounts.sign_in import code_tries
from resolvers.context import utc_now
from resolvers.demo.goods import ERP_SECRET, MEMBER_CODE, MEMBER_PHONE, PASSWORD, STAFF
from settings import Settings

# Who administers the platform of a demo that was started without a name for them.
ADMINISTRATOR = "admin"
MEND_DEMO = (
    "Name an empty database in QUINTET_DATABASE_URL; or start this one in development, revoke that client"
    " (apiClientRevoke), give these people new passwords (passwordChange, staffUpdate, cli.py admin NAME)"
    " or deactivate them, and use the member's code up (otpSignIn) or wait a day until it has expired."
)


async def public_credentials(settings: Settings) -> list[str]:
    """Name each demo client and person who gets in by what the source code says; empty where none does.

    The code of the demo's member is good only under the key that it was made with.

    A password takes tens of milliseconds to verify: only people with the names of the demo's are asked.
    """
    secret, now = token_hash(ERP_SECRET), utc_now()
    before = Q(previous_secret_hash=secret, previous_until__gt=now)
    clients = ApiClient.filter(Q(secret_hash=secret) | before, active=True)
    found = [f"the secret of the API client {each.name}" for each in await clients.limit(1)]
    names = [ADMINISTRATOR, *(username for username, *_ in STAFF)]
    people = Staff.filter(username__in=names, active=True).exclude(password_hash=NO_PASSWORD)
    found += [
        f"the password of {each.username}"
        for each in await people.order_by("id").limit(len(names))
        if await verify_password(PASSWORD, each.password_hash)
    ]
    if await code_tries.is_good(settings.keys, MEMBER_PHONE, MEMBER_CODE, now):
        found.append("the code of the demo's member")
    return found


def sentence_of(credentials: list[str]) -> str:
    return f"The database holds public credentials of the demo: {', '.join(credentials)}."
