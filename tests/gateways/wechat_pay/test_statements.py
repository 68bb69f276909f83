"""A day's statement is taken as a whole or not at all, and its rows say what moved."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from gateways import GatewayError
from gateways.payments import StatementKind, StatementNotReady, StatementRow
from gateways.wechat_pay import statements
from gateways.wechat_pay.charges import BEIJING
from gateways.wechat_pay.gateway import WechatPayments
from tests.make.wechat_keys import APP_IDS, MERCHANT_NUMBER
from tests.make.wechat_standin import WechatStandin

DAY = date(2026, 1, 30)
NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


def line(**differing: str) -> str:
    cells = dict.fromkeys(NAMES.split(","), "") | {
        "交易时间": "2026-01-30 23:59:59",
        "公众账号ID": APP_IDS["app"],
        "商户号": MERCHANT_NUMBER,
        "微信订单号": "42000000000000000000000001",
        "商户订单号": "P1",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "微信退款单号": "0",
        "商户退款单号": "0",
        "退款金额": "0.00",
        "商品名称": "Order\\ 1 \\n",
        "订单金额": "12.50",
        "申请退款金额": "0.00",
    }
    return ",".join(f"`{cell}" for cell in (cells | differing).values())


REFUND = {
    "交易状态": "REFUND",
    "微信退款单号": "50",
    "商户退款单号": "R1",
    "申请退款金额": "5.00",
    "退款金额": "4.90",
    "退款状态": "PROCESSING",
    "订单金额": "0.00",
}


def file_of(*lines: str, names: str = NAMES, summary: str = SUMMARY) -> bytes:
    text = "\r\n".join([names, *lines, summary, "`1,`0.00,`0.00,`0.00,`0.00,`0.00,`0.00", ""])
    return gzip.compress(b"\xef\xbb\xbf" + text.encode())


async def rows_of(gateway: WechatPayments, day: date = DAY) -> list[StatementRow]:
    return [row async for row in gateway.statement(day)]


async def test_a_day(gateway: WechatPayments, standin: WechatStandin) -> None:
    reversed_code = line(交易状态="REVOKED", 商户订单号="P3", 微信订单号="43", 申请退款金额="1.00")
    failed = line(**(REFUND | {"退款状态": "FAIL", "商户退款单号": "R2"}))
    standin.statement = file_of(line(), line(**REFUND), reversed_code, failed)
    charge, refund, back = await rows_of(gateway)
    assert charge == StatementRow(
        kind=StatementKind.CHARGE,
        reference="P1",
        provider_reference="42000000000000000000000001",
        amount_minor=1250,
        currency="CNY",
        at=datetime(2026, 1, 30, 23, 59, 59, tzinfo=BEIJING),
    )
    assert (refund.kind, refund.reference, refund.provider_reference, refund.amount_minor) == (
        StatementKind.REFUND,
        "R1",
        "50",
        500,
    )
    assert (back.kind, back.reference, back.amount_minor) == (StatementKind.REFUND, "P3", 100)
    assert standin.queries == [
        "bill_date=2026-01-30&bill_type=ALL&tar_type=GZIP",
        "token=a-b_c%2Bd",
    ]


async def test_a_large_day_is_read_bit_by_bit(
    gateway: WechatPayments, standin: WechatStandin
) -> None:
    standin.statement = file_of(*(line(商户订单号=f"P{number}") for number in range(10_000)))
    rows = await rows_of(gateway)
    assert [row.reference for row in rows] == [f"P{number}" for number in range(10_000)]


async def test_a_day_on_which_nothing_moved(gateway, standin: WechatStandin) -> None:
    assert await rows_of(gateway) == []
    standin.statement = file_of()
    assert await rows_of(gateway) == []


async def test_a_statement_that_is_not_made_yet(gateway, standin: WechatStandin) -> None:
    standin.statement_code = "STATEMENT_CREATING"
    with pytest.raises(StatementNotReady):
        await rows_of(gateway)
    before = len(standin.requests)
    today = datetime.now(BEIJING).date()
    for day in (today, today + timedelta(days=1)):
        with pytest.raises(StatementNotReady, match="next morning"):
            await rows_of(gateway, day)
    assert len(standin.requests) == before


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"statement_hash": "0" * 40}, "SHA-1"),
        ({"statement_host": "http://127.0.0.2:80"}, "another host"),
        ({"statement_host": "https://elsewhere.example"}, "another host"),
        ({"statement_code": "INVALID_REQUEST"}, "INVALID_REQUEST"),
    ],
)
async def test_a_file_that_is_not_the_one_named_is_refused(
    gateway: WechatPayments, standin: WechatStandin, spoilt: dict[str, Any], why: str
) -> None:
    standin.statement = file_of(line())
    for name, value in spoilt.items():
        setattr(standin, name, value)
    with pytest.raises(GatewayError, match=why):
        await rows_of(gateway)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (gzip.compress(f"{NAMES}\n{line()}\n".encode()), "no summary"),
        (file_of(line(商户号="1900000110")), "another merchant"),
        (file_of(line(交易状态="WEIRD")), "not known"),
        (file_of(line(订单金额="12.505")), "订单金额"),
        (file_of(line(订单金额="1e3")), "订单金额"),
        (file_of(line(交易时间="yesterday")), "交易时间"),
        (file_of(line(), names=NAMES.replace("订单金额", "x")), "without 订单金额"),
        (file_of("x" * 200_000), "too long"),
        (gzip.compress(b"\xff\xfe\n"), "UTF-8"),
    ],
)
async def test_a_file_that_makes_no_sense_is_refused(
    gateway: WechatPayments, standin: WechatStandin, file: bytes, why: str
) -> None:
    standin.statement = file
    with pytest.raises(GatewayError, match=why):
        await rows_of(gateway)


async def test_a_broken_file_is_refused(gateway, standin: WechatStandin, monkeypatch) -> None:
    whole = file_of(line())
    standin.statement_hash = "0" * 40
    for broken in (whole[:-20], b"no gzip at all", b""):
        standin.statement = broken
        with pytest.raises(GatewayError, match="makes no sense"):
            await rows_of(gateway)
    standin.statement = whole
    monkeypatch.setattr(statements, "MOST_UNPACKED_BYTES", 100)
    with pytest.raises(GatewayError, match="larger than"):
        await rows_of(gateway)
