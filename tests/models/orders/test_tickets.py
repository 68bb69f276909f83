from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import CurrencyCode
from models.orders.tickets import (
    COLUMNS,
    MAX_FIELD,
    TicketContent,
    TicketLine,
    clean,
    escpos,
    ticket_text,
    width,
)

CONTENT = TicketContent(
    store_name="艳粉店",
    fulfilment_number="F2605010001-1",
    order_number="2605010001",
    method_label="同城配送",
    lines=(TicketLine("欢乐家久宝桃罐头", "6924254673572", 2), TicketLine("杨梅罐头", "692", 1)),
    paid_minor=2044,
    placed_at="2026-05-01 12:00",
    recipient="李女士",
    phone="138****0000",
    address="沈阳市铁西区艳粉街61号",
    remark="请放门口",
)


def test_the_whole_ticket() -> None:
    assert ticket_text(CONTENT).split("\n") == [
        "             艳粉店",
        "          【同城配送】",
        "--------------------------------",
        "单号：F2605010001-1",
        "订单：2605010001",
        "时间：2026-05-01 12:00",
        "--------------------------------",
        "欢乐家久宝桃罐头",
        "  6924254673572               x2",
        "杨梅罐头",
        "  692                         x1",
        "--------------------------------",
        "共 3 件             实付 ￥20.44",
        "--------------------------------",
        "收货人：李女士",
        "电话：138****0000",
        "地址：沈阳市铁西区艳粉街61号",
        "备注：请放门口",
    ]


def test_a_ticket_for_the_counter_says_nothing_of_a_recipient() -> None:
    text = ticket_text(replace(CONTENT, recipient="", phone="", address="", remark=" \x1b "))
    assert text.endswith("实付 ￥20.44")


def test_other_currencies_are_named() -> None:
    assert "实付 HKD 20.44" in ticket_text(replace(CONTENT, currency=CurrencyCode.HKD))


def test_the_printer_is_told_chinese_centre_and_cut() -> None:
    printed = escpos(CONTENT)
    assert printed.startswith(b"\x1b@\x1c&\x1ba\x01" + "艳粉店\n".encode("gb18030"))
    assert b"\x1d!\x11" + "同城配送\n".encode("gb18030") + b"\x1d!\x00" in printed
    assert "实付 ￥20.44\n".encode("gb18030") in printed
    assert printed.endswith(b"\x1dVB\x60")


def test_the_printer_is_sent_the_whole_ticket() -> None:
    number = b"F2605010001-1"
    body = "\n".join(ticket_text(CONTENT).split("\n")[2:]) + "\n"
    assert escpos(CONTENT) == b"".join(
        (
            b"\x1b@\x1c&\x1ba\x01" + "艳粉店\n".encode("gb18030"),
            b"\x1d!\x11" + "同城配送\n".encode("gb18030") + b"\x1d!\x00",
            b"\x1ba\x00" + body.encode("gb18030") + b"\x1ba\x01",
            b"\x1d(k\x04\x001A2\x00",  # a QR code of model 2,
            b"\x1d(k\x03\x001C\x06",  # six dots a module,
            b"\x1d(k\x03\x001E1",  # error correction M
            b"\x1d(k\x10\x001P0" + number,
            b"\x1d(k\x03\x001Q0\n" + number + b"\n",
            b"\x1dVB\x60",
        )
    )


@pytest.mark.parametrize(("length", "rows"), [(32, [32]), (33, [32, 1]), (65, [32, 32, 1])])
def test_a_row_is_filled_before_the_next_begins(length: int, rows: list[int]) -> None:
    text = ticket_text(replace(CONTENT, store_name="a" * length))
    assert [len(row.strip()) for row in text.split("\n")[: len(rows)]] == rows


@pytest.mark.parametrize(("length", "broken"), [(16, b"a" * 16), (17, b"a" * 16 + b"\na")])
def test_letters_of_double_width_break_at_half_the_columns(length: int, broken: bytes) -> None:
    printed = escpos(replace(CONTENT, method_label="a" * length))
    assert b"\x1d!\x11" + broken + b"\n\x1d!\x00" in printed


def test_the_printer_draws_the_fulfilment_number_as_a_qr_code() -> None:
    number = b"F2605010001-1"
    store = b"\x1d(k" + (len(number) + 3).to_bytes(2, "little") + b"1P0" + number
    model, show = b"\x1d(k\x04\x001A2\x00", b"\x1d(k\x03\x001Q0"
    printed = escpos(CONTENT)
    assert printed.index(model) < printed.index(store) < printed.index(show)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("请放门口", "请放门口"),
        ("a\tb\r\nc  d", "a b c d"),
        ("red\x1b[31;1mtext", "red text"),
        ("open\x1bp\x00\x19drawer", "open drawer"),
        ("cut\x1dVnow", "cut now"),
        ("\x10\x04status", "status"),
        ("a\u202eb\u200bc\ufeffd", "abcd"),
        ("a\u2028b\x85c", "a b c"),
        ("lone\ud800half", "lonehalf"),
        ("¥5", "￥5"),
        ("e\u0301", "é"),
        ("\x1b\x1b\x1b", ""),
    ],
)
def test_hostile_text_is_stripped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a" * MAX_FIELD, "a" * MAX_FIELD),
        ("a" * (MAX_FIELD + 1), "a" * (MAX_FIELD - 1) + "…"),
        (" " * 799 + "bc", "b"),  # no more than 800 characters are looked at
    ],
)
def test_a_text_is_cut_at_its_limits(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_long_remark_does_not_print_metres_of_paper() -> None:
    remark = clean("长" * 100_000)
    assert len(remark) == MAX_FIELD
    assert remark.endswith("长…")


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("桃", 2), ("a桃￥", 5), ("ｱ", 1), ("“", 2), ("e\u0302", 1)]
)
def test_chinese_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(("sku_length", "rows"), [(27, 1), (28, 2), (30, 2), (60, 3)])
def test_a_quantity_that_does_not_fit_stands_on_a_row_of_its_own(
    sku_length: int, rows: int
) -> None:
    sku = "5" * sku_length
    text = ticket_text(replace(CONTENT, lines=(TicketLine("桃", sku, 2),)))
    printed = text.split("桃\n")[1].split("\n---")[0].split("\n")
    assert len(printed) == rows
    assert printed[-1].endswith(" x2")
    assert sku in "".join(printed).replace(" ", "")


any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=120)
contents = st.builds(
    TicketContent,
    store_name=any_text,
    fulfilment_number=any_text,
    order_number=any_text,
    method_label=any_text,
    lines=st.lists(
        st.builds(TicketLine, any_text, any_text, st.integers(1, 10**6)), max_size=3
    ).map(tuple),
    paid_minor=st.integers(0, 10**13),
    placed_at=any_text,
    recipient=any_text,
    phone=any_text,
    address=any_text,
    remark=any_text,
    currency=st.sampled_from(CurrencyCode),
)


@given(contents)
def test_whatever_is_written_no_row_is_too_wide_and_none_holds_a_control(
    content: TicketContent,
) -> None:
    for row in ticket_text(content).split("\n"):
        assert width(row) <= COLUMNS
        assert all(unicodedata.category(character)[0] != "C" for character in row)


@given(any_text)
def test_no_remark_can_give_the_printer_a_command(remark: str) -> None:
    harmless, written = (escpos(replace(CONTENT, remark=text)) for text in ("", remark))
    for command in (b"\x1b", b"\x1c", b"\x1d", b"\x10", b"\x00", b"\x0c"):
        assert written.count(command) == harmless.count(command)


@given(st.sampled_from(["\x1bp", "\x1b[2J", "\x1d(k"]), any_text)
def test_commands_hidden_in_commands_are_stripped_too(command: str, text: str) -> None:
    hidden = f"{command[0]}{command}{text}{command}"
    assert not set(clean(hidden)) & set("\x1b\x1c\x1d\x10")
