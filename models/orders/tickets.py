"""The ticket that a store's printer prints for an order routed there, as text and as ESC/POS bytes.

Both are 32 columns wide, for a 58 mm roll. Customers' text is cleaned first, because the printer would
execute a command in a remark.

Source: Epson, ESC/POS Command Reference: ESC @, ESC a, GS !, GS ( k, GS V; FS & in Chinese models.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.money import CurrencyCode, to_decimal

COLUMNS = 32
MAX_FIELD = 200

_RULE = "-" * COLUMNS
_COMMAND = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x10\x1b-\x1d].?", re.DOTALL)
# The yen sign of Latin-1 prints as garbage on Chinese printers; the full-width one does not.
_YEN = str.maketrans("\u00a5", "\uffe5")

_INITIALISE, _CHINESE = b"\x1b@", b"\x1c&"
_LEFT, _CENTRE = b"\x1ba\x00", b"\x1ba\x01"
_DOUBLE, _NORMAL = b"\x1d!\x11", b"\x1d!\x00"
_FEED_AND_CUT = b"\x1dVB\x60"
_QR = b"\x1d(k"
_QR_MODULE_DOTS, _QR_LEVEL_M = 6, 49


@dataclass(frozen=True, slots=True)
class TicketLine:
    name: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class TicketContent:
    """The content of a ticket; `phone` is masked already, `placed_at` is formatted local time."""

    store_name: str
    fulfilment_number: str
    order_number: str
    method_label: str
    lines: tuple[TicketLine, ...]
    paid_minor: int
    placed_at: str
    recipient: str = ""
    phone: str = ""
    address: str = ""
    remark: str = ""
    currency: CurrencyCode = CurrencyCode.CNY


def ticket_text(content: TicketContent) -> str:
    heading = [_centred(row) for row in _wrapped(content.store_name)]
    heading += [_centred(row) for row in _wrapped(f"【{content.method_label}】")]
    return "\n".join((*heading, *_body(content)))


def escpos(content: TicketContent) -> bytes:
    """Return the ticket for the printer, with the fulfilment number as a QR code at the end."""
    commands = (
        _INITIALISE,
        _CHINESE,
        _CENTRE,
        _printed(_wrapped(content.store_name)),
        _DOUBLE,
        _printed(_wrapped(content.method_label, COLUMNS // 2)),
        _NORMAL,
        _LEFT,
        _printed(_body(content)),
        _CENTRE,
        _qr_code(content.fulfilment_number),
        _printed(_wrapped(content.fulfilment_number)),
        _FEED_AND_CUT,
    )
    return b"".join(commands)


def clean(text: str) -> str:
    """Return one line of at most `MAX_FIELD` printable characters, without commands or controls."""
    one_line = " ".join(_COMMAND.sub(" ", text[: 4 * MAX_FIELD]).split())
    if not one_line.isprintable():
        one_line = "".join(c for c in one_line if unicodedata.category(c)[0] != "C")
    printable = unicodedata.normalize("NFC", one_line).translate(_YEN)
    return printable if len(printable) <= MAX_FIELD else printable[: MAX_FIELD - 1] + "…"


def width(text: str) -> int:
    """Return the number of columns on a Chinese printer, where ambiguous characters are wide.

    Source: Unicode Standard Annex #11.
    """
    return sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WFA" else 1


# Called twice in a row, for the text and for the printer.
@lru_cache(maxsize=1)
def _body(content: TicketContent) -> tuple[str, ...]:
    return tuple(_rows(content))


def _rows(content: TicketContent) -> Iterator[str]:
    yield _RULE
    yield from _wrapped(f"单号：{content.fulfilment_number}")
    yield from _wrapped(f"订单：{content.order_number}")
    yield from _wrapped(f"时间：{content.placed_at}")
    yield _RULE
    for line in content.lines:
        yield from _wrapped(line.name)
        yield from _justified(f"  {clean(line.sku)}", f"x{line.quantity}")
    yield _RULE
    pieces = sum(line.quantity for line in content.lines)
    yield from _justified(f"共 {pieces} 件", f"实付 {_money(content)}")
    yield from _customer(content)


def _customer(content: TicketContent) -> Iterator[str]:
    fields = {
        "收货人": content.recipient,
        "电话": content.phone,
        "地址": content.address,
        "备注": content.remark,
    }
    given = {label: text for label, text in fields.items() if clean(text)}
    if given:
        yield _RULE
    for label, text in given.items():
        yield from _wrapped(f"{label}：{text}")


def _money(content: TicketContent) -> str:
    amount = to_decimal(content.paid_minor, content.currency)
    symbol = "￥" if content.currency is CurrencyCode.CNY else f"{content.currency} "
    return f"{symbol}{amount}"


def _wrapped(text: str, columns: int = COLUMNS) -> list[str]:
    """Return the cleaned text in rows of at most `columns`; Chinese breaks anywhere."""
    cleaned = clean(text)
    if width(cleaned) <= columns:
        return [cleaned]
    rows, used = [""], 0
    for character in cleaned:
        wide = _character_width(character)
        if used + wide > columns:
            rows, used = [*rows, ""], 0
        rows[-1] += character
        used += wide
    return rows


def _justified(left: str, right: str) -> list[str]:
    """Return both on one row if they fit, otherwise the right one on its own row."""
    gap = COLUMNS - width(left) - width(right)
    if gap > 0:
        return [left + " " * gap + right]
    return [*_wrapped(left), " " * max(0, COLUMNS - width(right)) + right]


def _centred(row: str) -> str:
    return " " * ((COLUMNS - width(row)) // 2) + row


def _printed(rows: Iterable[str]) -> bytes:
    return b"".join(row.encode("gb18030") + b"\n" for row in rows)


def _qr_code(text: str) -> bytes:
    data = clean(text).encode()
    return b"".join(
        (
            _qr_function(65, b"\x32\x00"),  # model 2
            _qr_function(67, bytes((_QR_MODULE_DOTS,))),
            _qr_function(69, bytes((_QR_LEVEL_M,))),
            _qr_function(80, b"0" + data),
            _qr_function(81, b"0"),
            b"\n",
        )
    )


def _qr_function(function: int, parameters: bytes) -> bytes:
    """Return GS ( k pL pH cn fn …, where cn 49 is QR and the length counts cn and fn."""
    return _QR + (len(parameters) + 2).to_bytes(2, "little") + bytes((49, function)) + parameters
