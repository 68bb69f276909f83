"""Checks of the settings: the environment, secrets, and which providers there are."""

from __future__ import annotations

from resolvers.context import Context
from resolvers.health.findings import Finding, error, ok, warning
from settings import DEVELOPMENT_KEY
from settings_exposure import challenge_warning, exposure, text_message_warning

KEY_LENGTH, KEY_VARIETY = 32, 12
PASSWORD_LENGTH = 12
PROVIDERS = (
    "Leave it if that is meant; docs/operations.md, «Providers of your own», says how to add one."
)
NEW_KEY = "Set it to the output of: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


async def environment(ctx: Context) -> Finding:
    settings = ctx.settings
    if not settings.is_production:
        if exposed := exposure(settings):
            says = f"This is a development server that others can reach {exposed}."
            return error("environment", says, "Set QUINTET_ENVIRONMENT=production.")
        return ok("environment", "This is a development server on this machine alone.")
    if not settings.public_url.startswith("https://"):
        says = "QUINTET_PUBLIC_URL is not an https:// address, so links and codes lead past TLS."
        return warning("environment", says, "Serve behind TLS and set QUINTET_PUBLIC_URL.")
    return ok("environment", "This is production, at an address with TLS.")


async def secrets(ctx: Context) -> Finding:
    """Length and variety are all that shows; a key from a generator has both."""
    key, production = ctx.settings.secret_key, ctx.settings.is_production
    if key == DEVELOPMENT_KEY:
        say = error if production else warning
        return say("secrets", "QUINTET_SECRET_KEY is the public key of development.", NEW_KEY)
    if len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY:
        return error("secrets", "QUINTET_SECRET_KEY is easy to guess.", NEW_KEY)
    password = ctx.settings.admin_password
    if password and len(password) < PASSWORD_LENGTH:
        says = f"QUINTET_ADMIN_PASSWORD is shorter than {PASSWORD_LENGTH} characters."
        return warning(
            "secrets", says, "Sign in, change the password, and take it out of the settings."
        )
    return ok("secrets", "The secrets are long enough and not the public ones.")


async def text_messages(ctx: Context) -> Finding:
    if ctx.gateways.sms.delivers:
        return ok("text messages", "A provider sends them.")
    if lacking := text_message_warning(ctx.settings):
        return warning("text messages", f"{lacking[0].upper()}{lacking[1:]}", PROVIDERS)
    return ok("text messages", "Codes are written to the log, as development wants it.")


async def challenges(ctx: Context) -> Finding:
    if lacking := challenge_warning(ctx.settings, ctx.gateways):
        mend = "docs/sign-in.md, «Codes by text message», says how to add a vendor's."
        return warning("challenge", f"{lacking[0].upper()}{lacking[1:]}", mend)
    return ok("challenge", "Strangers who ask for many codes are held up as the settings want it.")


async def payments(ctx: Context) -> Finding:
    own = {f"{provider} of {code}" for code, provider in ctx.gateways.merchant_payments}
    names = ", ".join(sorted({*ctx.gateways.payments, *own}))
    if names:
        return ok("payments", f"These providers take payments: {names}.")
    says = "No provider takes payments: only tills can."
    return warning("payments", says, PROVIDERS)
