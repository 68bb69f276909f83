"""A backup that the data keys do not read replaces nothing."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from models import database as db
from models.keys import encryption
from models.stock.documents.purchases import Supplier
from resolvers.backups.archive import BackupFault
from resolvers.backups.restoring import restore
from resolvers.backups.taking import take
from resolvers.context import Context
from settings import Settings
from tests.make.backups import a_file, stopped, texts_below

pytestmark = pytest.mark.own_database
OTHER_KEYS = f"k9:{b64encode(b'9' * 32).decode()}"


async def test_other_keys_replace_nothing_unless_asked_to(
    database: str, ctx: Context, shop: Settings, tmp_path: Path
) -> None:
    for number in range(3):
        supplier = Supplier(merchant_id=ctx.merchant_id, code=f"S{number}", name="s")
        supplier.phone = "024-1"
        await supplier.save()
    a_file(shop, "bulk/one", "before")
    target = tmp_path / "shop.backup"
    await take(shop, target)
    await Supplier.filter(code="S0").update(name="later")
    a_file(shop, "bulk/one", "later")
    foreign = replace(shop, data_keys=OTHER_KEYS)
    async with stopped(shop):
        with pytest.raises(
            BackupFault, match=r"encrypted_phone.*nothing was changed.*key of development"
        ):
            await restore(foreign, target, force=True)
    assert (await Supplier.get(code="S0")).name == "later"
    assert texts_below(Path(shop.files_folder)) == {"bulk/one": "later"}
    # With the key beside a newer one it is as good as before, and a single damaged value does not count.
    both = replace(shop, data_keys=f"{OTHER_KEYS},{shop.data_keys or encryption.DEVELOPMENT_KEYS}")
    async with stopped(shop):
        await restore(both, target, force=True)
    assert (await Supplier.get(code="S0")).name == "s"
    async with stopped(shop):
        await restore(foreign, target, force=True, any_keys=True)
    assert len(await db.fetch("SELECT id FROM supplier")) == 3


async def test_a_damaged_value_does_not_keep_the_rest_away(
    database: str, ctx: Context, shop: Settings, tmp_path: Path
) -> None:
    for number in range(2):
        supplier = Supplier(merchant_id=ctx.merchant_id, code=f"S{number}", name="s")
        supplier.phone = "024-1"
        await supplier.save()
    await Supplier.filter(code="S0").update(encrypted_phone="1.development.AAAA")
    target = tmp_path / "shop.backup"
    await take(shop, target)
    async with stopped(shop):
        await restore(shop, target, force=True)
    assert (await Supplier.get(code="S1")).phone == "024-1"
