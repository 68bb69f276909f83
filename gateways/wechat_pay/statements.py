"""The statement of a day: its file is checked as a whole, then read line by line.

A compressed file is held in memory, and unpacked twice: once for its hash, once for its rows.

Source: 微信支付, 申请交易账单 https://pay.weixin.qq.com/doc/v3/merchant/4013071227,
下载账单 …/4013071238, 交易账单字段说明 …/4013071246.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from hashlib import sha1

from gateways.errors import GatewayError
from gateways.payments import StatementKind, StatementNotReady, StatementRow
from gateways.wechat_pay.account import WechatAccount
from gateways.wechat_pay.charges import BEIJING
from gateways.wechat_pay.client import WechatPayClient
from gateways.wechat_pay.errors import NO_STATEMENT, STATEMENT_IN_WORK, WechatRefusal
from gateways.wechat_pay.reading import Object, Unreadable, text
from models.money import CurrencyCode, InvalidAmount, parse_amount

PATH = "/v3/bill/tradebill"
LONGEST_URL, LONGEST_HASH = 2048, 64
MOST_UNPACKED_BYTES = 1024 * 1024 * 1024
CHUNK_BYTES, LONGEST_LINE = 64 * 1024, 64 * 1024
SUMMARY = "总交易单数"
_NONE = ("", "0")

Columns = dict[str, str]


async def rows(
    client: WechatPayClient, account: WechatAccount, day: date
) -> AsyncIterator[StatementRow]:
    """Yield what moved on a day in Beijing.

    Raises: StatementNotReady until about ten o'clock of the next day, GatewayError.
    """
    if day >= client.clock().astimezone(BEIJING).date():
        raise StatementNotReady(f"the statement of {day} is made on the next morning")
    file = await _file(client, day)
    if file is None:
        return
    try:
        for chunk in _chunks_of_rows(account, file):
            for row in chunk:
                yield row
            await asyncio.sleep(0)  # others have their go between two chunks
    except (Unreadable, zlib.error) as error:
        raise GatewayError(f"the statement of {day} makes no sense: {error}") from error


async def _file(client: WechatPayClient, day: date) -> bytes | None:
    """Return the compressed file of a day, None for a day on which nothing moved."""
    query = f"?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP"
    try:
        said = await client.ask("GET", PATH + query)
    except WechatRefusal as refusal:
        if refusal.code in NO_STATEMENT:
            return None
        if refusal.code in STATEMENT_IN_WORK:
            raise StatementNotReady(f"the statement of {day} is being made") from refusal
        raise
    try:
        url, digest = _where(said)
        file = await client.download(url)
        if await asyncio.to_thread(_digest, file) != digest:
            raise Unreadable("its SHA-1 is another one than WeChat Pay says")
    except (Unreadable, zlib.error) as error:
        raise GatewayError(f"the statement of {day} makes no sense: {error}") from error
    return file


def _where(said: Object) -> tuple[str, str]:
    if said.get("hash_type") != "SHA1":
        raise Unreadable("hash_type must be SHA1")
    return text(said, "download_url", LONGEST_URL), text(said, "hash_value", LONGEST_HASH).lower()


def _digest(file: bytes) -> str:
    digest = sha1(usedforsecurity=False)
    for chunk in _unpacked(file):
        digest.update(chunk)
    return digest.hexdigest()


def _unpacked(file: bytes) -> Iterator[bytes]:
    """Unpack a gzip file bit by bit. Raises: Unreadable, zlib.error."""
    unpacking, rest, size = zlib.decompressobj(wbits=31), file, 0
    while not unpacking.eof:
        chunk = unpacking.decompress(rest, CHUNK_BYTES)
        rest = unpacking.unconsumed_tail
        size += len(chunk)
        if size > MOST_UNPACKED_BYTES:
            raise Unreadable(f"it is larger than {MOST_UNPACKED_BYTES} bytes")
        if not chunk and not rest and not unpacking.eof:
            raise Unreadable("the file ends too early")
        yield chunk


def _chunks_of_rows(account: WechatAccount, file: bytes) -> Iterator[list[StatementRow]]:
    """Yield the rows of the file, those of a chunk together. Raises: Unreadable, zlib.error."""
    names: list[str] | None = None
    ended = False
    for lines in _chunks_of_lines(file):
        found = []
        for cells in map(_cells, lines):
            if names is None:
                names = cells
            elif ended or cells[0] == SUMMARY:
                ended = True
            else:
                found.append(_row(account, dict(zip(names, cells, strict=False))))
        yield [row for row in found if row is not None]
    if not ended:
        raise Unreadable("it has no summary at its end")


def _chunks_of_lines(file: bytes) -> Iterator[list[str]]:
    rest = b""
    for chunk in _unpacked(file):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise Unreadable("it has a line that is too long")
        yield _texts(whole)
    yield _texts([rest])


def _texts(lines: list[bytes]) -> list[str]:
    try:
        texts = (line.decode("utf-8-sig").strip("\r") for line in lines)
        return [line for line in texts if line]
    except UnicodeDecodeError as error:
        raise Unreadable("it is not in UTF-8") from error


def _cells(line: str) -> list[str]:
    """Return the cells of a line: a comma inside a cell is written in another way, a backtick leads each."""
    return [cell.removeprefix("`") for cell in line.split(",")]


def _row(account: WechatAccount, cells: Columns) -> StatementRow | None:
    """Return the movement of a line, None where no money moved. Raises: Unreadable."""
    if _cell(cells, "商户号") != account.merchant_number:
        raise Unreadable("it has a line of another merchant")
    state = _cell(cells, "交易状态")
    if state == "SUCCESS":
        kind, number, theirs, money = StatementKind.CHARGE, "商户订单号", "微信订单号", "订单金额"
    elif state in ("REFUND", "REVOKED"):
        if cells.get("退款状态") == "FAIL":
            return None
        kind, number, theirs, money = (
            StatementKind.REFUND,
            "商户退款单号",
            "微信退款单号",
            "申请退款金额",
        )
    else:
        raise Unreadable("it has a line of a kind that is not known")
    return StatementRow(
        kind=kind,
        # A charge by payment code that was reversed has no refund of its own.
        reference=_named(cells.get(number)) or _cell(cells, "商户订单号"),
        provider_reference=_named(cells.get(theirs)) or _cell(cells, "微信订单号"),
        amount_minor=_minor(cells, money),
        currency=_cell(cells, "货币种类"),
        at=_moment(_cell(cells, "交易时间")),
    )


def _named(cell: str | None) -> str | None:
    return None if cell in _NONE else cell


def _cell(cells: Columns, name: str) -> str:
    value = cells.get(name)
    if value is None:
        raise Unreadable(f"it has a line without {name}")
    return value


def _minor(cells: Columns, name: str) -> int:
    try:
        return parse_amount(_cell(cells, name), CurrencyCode.CNY)
    except InvalidAmount as error:
        raise Unreadable(f"{name} is no amount") from error


def _moment(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError as error:
        raise Unreadable("交易时间 is no time") from error
