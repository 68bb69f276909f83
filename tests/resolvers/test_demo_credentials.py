"""Production is not served with credentials that everybody can read in the source code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models.accounts.clients import ApiClient
from models.accounts.passwords import NO_PASSWORD, hash_password
from models.accounts.sessions import OneTimeCode
from models.accounts.staff import Staff
from models.database import transaction
from resolvers.accounts.sign_in import code_tries
from resolvers.context import Context, utc_now
from resolvers.demo.chain import plant_demo_chain, renew_demo_code
from resolvers.demo.credentials import public_credentials
from resolvers.demo.goods import ERP_SECRET, MEMBER_CODE, MEMBER_PHONE, PASSWORD, STAFF
from resolvers.health import credentials
from resolvers.health.findings import Level
from settings import Settings
from starting import Stop, refuse_demo

KEY = "hZ8s-Qk2Lr_0vN4xYt7BwC1mDfGjPaEu"


def in_production(settings: Settings) -> Settings:
    return replace(
        settings,
        environment="production",
        secret_key=KEY,
        data_keys="new:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        sandbox_payments=False,
        admin_username="",
        admin_password="",
    )


async def test_a_demo_is_found_and_only_production_refuses_it(ctx: Context) -> None:
    production = in_production(ctx.settings)
    assert await public_credentials(ctx.settings) == []
    await refuse_demo(production)
    assert (await credentials.demo(replace(ctx, settings=production))).level is Level.OK
    await plant_demo_chain(ctx)
    await refuse_demo(ctx.settings)
    assert (await credentials.demo(ctx)).level is Level.OK
    with pytest.raises(Stop, match=r"API client Demo ERP, the password of demo-hq.*Name an empty"):
        await refuse_demo(production)
    found = await credentials.demo(replace(ctx, settings=production))
    assert (found.level, "apiClientRevoke" in found.mend) == (Level.ERROR, True)
    assert PASSWORD not in found.says + found.mend
    assert ERP_SECRET not in found.says + found.mend


async def test_whoever_has_taken_them_all_away_may_go_on(ctx: Context) -> None:
    await plant_demo_chain(ctx)
    await ApiClient.filter(name="Demo ERP").update(active=False)
    another = await hash_password("a lake that is not deep")
    hq, guide, *others = [username for username, *_ in STAFF]
    await Staff.filter(username=hq).update(password_hash=another)
    await Staff.filter(username=guide).update(password_hash=NO_PASSWORD)
    assert await public_credentials(ctx.settings) == [f"the password of {each}" for each in others]
    await Staff.filter(username__in=others).update(active=False)
    assert await public_credentials(ctx.settings) == []
    await refuse_demo(in_production(ctx.settings))


async def test_a_rotated_secret_counts_as_long_as_it_is_good(ctx: Context) -> None:
    await plant_demo_chain(ctx)
    await Staff.filter(active=True).update(active=False)
    erp = await ApiClient.get(name="Demo ERP")
    erp.previous_secret_hash, erp.secret_hash = erp.secret_hash, "another"
    erp.previous_until = utc_now() + timedelta(minutes=5)
    await erp.save()
    assert await public_credentials(ctx.settings) == ["the secret of the API client Demo ERP"]
    erp.previous_until = utc_now() - timedelta(minutes=5)
    await erp.save()
    assert await public_credentials(ctx.settings) == []


async def test_the_administrator_of_a_demo_counts_too(ctx: Context) -> None:
    await Staff.filter(username="admin").update(password_hash=await hash_password(PASSWORD))
    assert await public_credentials(ctx.settings) == ["the password of admin"]


async def test_the_code_of_the_demo_s_member_counts_while_it_is_good(ctx: Context) -> None:
    production = in_production(ctx.settings)
    under_its_key = replace(ctx, settings=production)
    await renew_demo_code(under_its_key)
    with pytest.raises(Stop, match="the code of the demo's member"):
        await refuse_demo(production)
    found = await credentials.demo(under_its_key)
    assert (found.level, "otpSignIn" in found.mend) == (Level.ERROR, True)
    assert MEMBER_CODE not in found.says + found.mend
    assert MEMBER_PHONE not in found.says + found.mend
    # Production with another key takes it for no code.
    await refuse_demo(replace(production, secret_key=KEY[::-1]))
    previous = replace(production, secret_key=KEY[::-1], previous_secret_keys=KEY)
    with pytest.raises(Stop):
        await refuse_demo(previous)


@pytest.mark.parametrize("ends", ["used", "expired"])
async def test_a_code_of_the_demo_s_member_that_is_over_does_not_count(
    ctx: Context, ends: str
) -> None:
    production = in_production(ctx.settings)
    await renew_demo_code(replace(ctx, settings=production))
    past = {"used_at": utc_now()} if ends == "used" else {"expires_at": utc_now()}
    await OneTimeCode.filter(used_at=None).update(**past)
    await refuse_demo(production)
    assert await public_credentials(production) == []


async def test_another_code_of_that_phone_does_not_count(ctx: Context) -> None:
    soon = utc_now() + timedelta(minutes=5)
    await transaction(code_tries.keep, ctx, MEMBER_PHONE, "135791", soon)
    await transaction(code_tries.keep, ctx, "+8613900139000", MEMBER_CODE, soon)
    assert await public_credentials(ctx.settings) == []
