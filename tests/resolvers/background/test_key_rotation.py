"""Rotating the keys of personal data: while selling, again and again, until the old key can be taken out."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator

import pytest

from models.accounts.staff import Staff
from models.data_keys import encrypted_columns
from models.database import execute, fetch, is_postgres, transaction
from models.keys import encryption
from models.keys.encryption import Undecryptable
from models.members.members import Member
from models.members.phones import MemberPhone
from models.orders.orders import Order, recipient_endings
from models.orders.states import FulfilmentMethod
from models.stock.documents.purchases import Supplier
from resolvers.background import key_rotation
from resolvers.background.key_rotation import left, rotate, unreadable
from resolvers.context import Context
from resolvers.members import phones
from resolvers.referrals.sign_in import enter
from tests.house.source import product
from tests.make import members as make
from tests.make import sales
from tests.make.checkouts import a_store
from tests.make.stock import a_level

OLD = f"old:{b64encode(b'o' * 32).decode()}"
NEW = f"new:{b64encode(b'n' * 32).decode()}"
BOTH = f"{NEW},{OLD}"
PHONES = [f"+861380000{number:04}" for number in range(12)]


@pytest.fixture(autouse=True)
def keys(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(key_rotation, "BATCH", 5)
    encryption.use(OLD)
    yield
    encryption.use("")


async def sign_in(ctx: Context, phone: str) -> Member:
    _, member, _ = await transaction(enter, ctx, phone, None, None)
    return member


async def add_supplier(ctx: Context, code: str) -> Supplier:
    supplier = Supplier(merchant_id=ctx.merchant_id, code=code, name=code)
    supplier.contact, supplier.phone = "Lao Wang", "024-1"
    await supplier.save()
    return supplier


async def test_everything_is_encrypted_anew_while_others_write_and_the_old_key_goes(
    ctx: Context,
) -> None:
    members = [await sign_in(ctx, phone) for phone in PHONES[:8]]
    suppliers = [await add_supplier(ctx, f"S{number}") for number in range(7)]
    encryption.use(BOTH)
    assert await left() == {
        "member.encrypted_phone": 8,
        "member_phone": 8,
        "supplier.encrypted_contact": 7,
        "supplier.encrypted_phone": 7,
    }
    rotation, *_ = await asyncio.gather(
        rotate(ctx),
        *(sign_in(ctx, phone) for phone in PHONES),
        *(add_supplier(ctx, f"T{number}") for number in range(5)),
    )
    assert rotation.kid == "new"
    assert rotation.encrypted["supplier.encrypted_phone"] == 7
    assert await left() == {}
    again = await rotate(ctx)
    assert (sum(again.encrypted.values()), again.indexed) == (0, 0)

    encryption.use(NEW)
    assert await Member.all().count() == len(PHONES)
    assert sorted(str(each.phone) for each in await Member.all()) == PHONES
    assert {each.contact for each in await Supplier.all()} == {"Lao Wang"}
    assert [(await sign_in(ctx, phone)).id for phone in PHONES[:8]] == [m.id for m in members]
    assert (await Supplier.get(id=suppliers[0].id)).phone == "024-1"
    assert (await rotate(ctx)).removed == len(PHONES)
    assert {row.kid for row in await MemberPhone.all()} == {"new"}


async def test_every_encrypted_column_of_the_database_is_walked(ctx: Context) -> None:
    """What is stored by the old key in any column named so is stored by the new one afterwards."""
    walked = {(each.table, each.column): each for each in encrypted_columns()}
    assert set(walked) == await encrypted_columns_of_the_database()
    staff = walked["staff", "encrypted_second_factor_secret"]
    await execute(f"UPDATE staff SET {staff.column} = ?", staff.encrypt("SECRET"))
    encryption.use(BOTH)
    assert await left() == {"staff.encrypted_second_factor_secret": 1}
    await rotate(ctx)
    encryption.use(NEW)
    assert (await Staff.get(username="admin")).second_factor_secret == "SECRET"


async def test_recipients_are_found_by_the_new_key_alone(ctx: Context) -> None:
    level = await a_level(ctx, 5, location=await a_store(ctx))
    way, address = FulfilmentMethod.STORE_DELIVERY, sales.an_address()
    order = await sales.an_order(await sales.a_guest(ctx), level, way, address=address)
    before = order.recipient_ending
    encryption.use(BOTH)
    assert before in recipient_endings("1111")
    await rotate(ctx)
    encryption.use(NEW)
    after = (await Order.get(id=order.id)).recipient_ending
    assert ([after], after == before) == (recipient_endings("1111"), False)


def test_texts_are_encrypted_for_a_column_only() -> None:
    """Nothing encrypts by the ring itself, so that nothing is encrypted that the rotation does not find."""
    allowed = {"models/keys/encryption.py", "models/engine/schema_changes/encrypt_column.py"}
    found = {str(module.path) for module in product() if "ring().encrypt" in module.text}
    assert found == allowed


async def encrypted_columns_of_the_database() -> set[tuple[str, str]]:
    if is_postgres():
        rows = await fetch(
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND column_name LIKE 'encrypted%'"
        )
    else:
        rows = await fetch(
            "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.name LIKE 'encrypted%'"
        )
    return {(row["t"], row["c"]) for row in rows}


async def test_a_rotation_that_was_stopped_goes_on_where_it_was(ctx: Context) -> None:
    for phone in PHONES:
        await sign_in(ctx, phone)
    encryption.use(BOTH)

    class Stopped(Exception):
        pass

    done: list[int] = []

    def stop(count: int) -> None:
        done.append(count)
        if len(done) == 5:
            raise Stopped

    with pytest.raises(Stopped):
        await rotate(ctx, stop)
    before = sum((await left()).values())
    assert 0 < before < 2 * len(PHONES)
    rotation = await rotate(ctx)
    assert rotation.indexed + sum(rotation.encrypted.values()) == before
    assert await left() == {}


async def test_no_twin_whatever_keys_a_process_knows(ctx: Context) -> None:
    """Processes are replaced one by one: each change of the ring here is another process."""
    by_old = await sign_in(ctx, PHONES[0])
    encryption.use(BOTH)
    assert (await sign_in(ctx, PHONES[0])).id == by_old.id
    by_both = await sign_in(ctx, PHONES[1])
    encryption.use(OLD)
    with pytest.raises(Undecryptable):
        assert (await sign_in(ctx, PHONES[1])).phone
    assert (await sign_in(ctx, PHONES[1])).id == by_both.id
    encryption.use(BOTH)
    await rotate(ctx)
    encryption.use(NEW)
    assert (await sign_in(ctx, PHONES[0])).id == by_old.id
    assert (await sign_in(ctx, PHONES[1])).id == by_both.id
    assert await Member.all().count() == 2


async def test_two_first_sign_ins_with_other_rings_at_once_make_one_member(ctx: Context) -> None:
    """The second knows a key more: it finds the first's row and adds its own index to that member."""
    first = await sign_in(ctx, PHONES[0])
    encryption.use(BOTH)
    assert ctx.merchant_id is not None
    owner = await transaction(phones.claim, ctx, ctx.merchant_id, PHONES[0], first.id + 100)
    assert owner == first.id
    rows = await MemberPhone.filter(member_id=first.id)
    assert {row.kid for row in rows} == {"old", "new"}
    assert await MemberPhone.all().count() == 2


async def test_a_key_that_was_taken_out_too_early_is_named_and_nothing_is_lost(
    ctx: Context,
) -> None:
    await sign_in(ctx, PHONES[0])
    encryption.use(NEW)
    await rotate(ctx)
    assert await left() == {"member.encrypted_phone": 1, "member_phone": 1}
    (lost,) = await unreadable()
    assert str(lost) == (
        "member.encrypted_phone: no key of QUINTET_DATA_KEYS encrypted this value"
        f" (row {(await Member.get()).id}, key old)"
    )
    encryption.use(BOTH)
    assert await unreadable() == []
    await rotate(ctx)
    assert await left() == {}
    encryption.use(NEW)
    assert (await Member.get()).phone == PHONES[0]


async def test_a_value_that_no_key_reads_stops_no_other(ctx: Context) -> None:
    """It is named by its column and row, wherever it stands."""
    suppliers = [await add_supplier(ctx, f"S{number}") for number in range(12)]
    lost = suppliers[6]
    foreign = f"1.k9.{str(lost.encrypted_phone).rpartition('.')[2]}"
    await Supplier.filter(id=lost.id).update(encrypted_phone=foreign)
    encryption.use(BOTH)
    rotation = await rotate(ctx)
    assert rotation.encrypted["supplier.encrypted_phone"] == 11
    assert await left() == {"supplier.encrypted_phone": 1}
    (named,) = await unreadable()
    assert (named.column.column, named.row_id, named.kid) == ("encrypted_phone", lost.id, "k9")
    encryption.use(NEW)
    assert {each.phone for each in await Supplier.exclude(id=lost.id)} == {"024-1"}


async def test_the_database_holds_no_plain_phone_or_address(ctx: Context) -> None:
    member = await make.member(ctx)
    assert member.phone
    rows = await fetch("SELECT * FROM member")
    rows += await fetch("SELECT * FROM member_phone")
    assert member.phone[3:] not in str(rows)
    order = Order()
    order.address = {"street": "太原街1号"}
    assert "太原街" not in str(order.encrypted_address)
