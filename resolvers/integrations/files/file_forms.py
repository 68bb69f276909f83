"""Turn a file as people save it into the lines that `row_files` reads.

Files in UTF-8 are read as they are. UTF-16, GBK and line ends of old Macs are converted to UTF-8 once, beside
the file; a sheet of XLSX to a JSON array for each row.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile

from models.errors import QuintetError
from models.integrations.bulk import BulkFormat
from resolvers.integrations.files.csv_files import UnreadableFile
from resolvers.integrations.files.stopping import Stop

BLOCK = 1 << 20
PARTIAL = ".partial"
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NAMES = {
    "csv": BulkFormat.CSV,
    "jsonl": BulkFormat.JSONL,
    "ndjson": BulkFormat.JSONL,
    "xlsx": BulkFormat.XLSX,
}


class FileEncoding(StrEnum):
    """How the text of a file is written. GB18030 includes GBK and GB 2312."""

    UTF_8 = "UTF_8"
    UTF_16 = "UTF_16"
    GB18030 = "GB18030"


class FileNote(QuintetError):
    """What the reader of a file assumed and a person should know."""

    code = "NOTE"


@dataclass(frozen=True, slots=True)
class Readable:
    """`path` holds the lines to read; `converted` says whether it is another file than the one given."""

    path: Path
    converted: bool
    notes: list[FileNote]


def form_of(path: Path, name: str) -> BulkFormat | None:
    """Return the format that the content or else the name tells; None where neither does."""
    with path.open("rb") as file:
        if file.read(4) == _ZIP:
            return BulkFormat.XLSX
    return _NAMES.get(name.lower().rpartition(".")[2])


def readable(
    path: Path, form: BulkFormat, converted: Path, encoding: FileEncoding | None, stop: Stop
) -> Readable:
    """Return the file's lines, converted into `converted` where they are not UTF-8 with line feeds.

    `encoding` of None is guessed, and a guess is noted. Raises: UnreadableFile, Stopped.
    """
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if head.startswith(_OLD_EXCEL):
        raise UnreadableFile(0, "This is an old Excel file: save it as .xlsx or as CSV.")
    if form is BulkFormat.XLSX:
        from resolvers.integrations.files.sheets import sheet_lines  # takes long to load

        _write(converted, sheet_lines(path, stop))
        return Readable(converted, True, [])
    notes: list[FileNote] = []
    codec = _codec(encoding, head) if encoding else _guessed(path, head, notes, stop)
    breaks = b"\r" if b"\n" not in head and b"\r" in head else b"\n"
    if codec == "utf-8" and breaks == b"\n":
        return Readable(path, False, notes)
    _write(converted, _text(path, codec, breaks == b"\r", stop))
    return Readable(converted, True, notes)


def _codec(encoding: FileEncoding, head: bytes) -> str:
    if encoding is FileEncoding.UTF_16:
        return _utf_16(head) or "utf-16-le"
    return {FileEncoding.UTF_8: "utf-8", FileEncoding.GB18030: "gb18030"}[encoding]


def _guessed(path: Path, head: bytes, notes: list[FileNote], stop: Stop) -> str:
    """The codec by the mark at the start, by zero bytes, or by which one reads more lines."""
    if codec := _utf_16(head):
        return codec
    sound, broken = _lines_in_utf_8(path, stop)
    if broken <= sound or not _is_gb18030(path, stop):
        return "utf-8"
    notes.append(FileNote("The file is not UTF-8. It was read as GBK."))
    return "gb18030"


def _utf_16(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    start = head[:1_000]
    for codec, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) >= 2 and zeros.count(0) * 2 > len(zeros):
            return codec
    return None


def _lines_in_utf_8(path: Path, stop: Stop) -> tuple[int, int]:
    """How many lines with more than ASCII are UTF-8, and how many lines are not."""
    sound = broken = 0
    with path.open("rb") as file:
        while line := file.readline(BLOCK):
            stop.check()
            if line.isascii():
                continue
            try:
                line.decode()
                sound += 1
            except UnicodeDecodeError:
                broken += 1
    return sound, broken


def _is_gb18030(path: Path, stop: Stop) -> bool:
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                stop.check()
                decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path, codec: str, old_mac: bool, stop: Stop) -> Iterator[bytes]:
    """The text in UTF-8; what cannot be decoded becomes U+FFFD, which fails its row."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            stop.check()
            text = decoder.decode(block)
            yield (text.replace("\r", "\n") if old_mac else text).encode()
    yield decoder.decode(b"", True).encode()


def _write(path: Path, blocks: Iterator[bytes]) -> None:
    """Write all or nothing under a name of its own, so that a file that is there is whole."""
    with NamedTemporaryFile(
        dir=path.parent, prefix=f"{path.name}.", suffix=PARTIAL, delete=False
    ) as file:
        try:
            file.writelines(blocks)
            file.flush()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
