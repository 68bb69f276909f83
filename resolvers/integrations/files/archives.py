"""ZIP archives and XML that others made, read bit by bit: memory and time go by what was read of them.

What an archive says of its own sizes and names bounds nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader, FileIO
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.parsers.expat import ParserCreate
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from resolvers.integrations.files.csv_files import UnreadableFile
from resolvers.integrations.files.stopping import Stop

BLOCK = 1 << 14
# The list of an archive's parts is read at once; an entry of it takes ten times its bytes in memory.
LIST_BYTES = 1 << 20
# Expat keeps what is open and every name that it has met, and reads a mark again until it has come whole.
DEEPEST = 64
NAMES = 2_000
LONGEST_MARK = 1 << 18


class _ShortReads(BufferedReader):
    """Refuses to read much at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        asked = LIST_BYTES + 1 if size is None or size < 0 else size
        found = super().read(min(asked, LIST_BYTES + 1))
        if len(found) > LIST_BYTES:
            raise BadZipFile
        return found


class Archive:
    """The parts of a ZIP archive. Raises: UnreadableFile for a file that is none."""

    def __init__(self, path: Path, stop: Stop) -> None:
        self._file = _ShortReads(FileIO(path))
        self._stop = stop
        try:
            self._zip = ZipFile(self._file)
        except BadZipFile:
            self._file.close()
            raise UnreadableFile(0, "This is not an XLSX file.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def holds(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def blocks(self, name: str, maximum: int) -> Iterator[bytes]:
        """What a part unpacks to. Raises: UnreadableFile past `maximum` bytes, Stopped."""
        part = self._zip.getinfo(name)
        if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others unpack without a bound
            raise UnreadableFile(0, "This is not an XLSX file.")
        with self._zip.open(part) as content:
            while block := content.read(BLOCK):
                self._stop.check()
                maximum -= len(block)
                if maximum < 0:
                    raise UnreadableFile(0, "This XLSX file is too large: save it as CSV.")
                yield block


class XmlReader:
    """Is told the elements of XML in their order, by their names without prefixes."""

    done = False  # the rest need not be read

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Some text, in as many pieces as it happens to come."""


def tell(reader: XmlReader, blocks: Iterator[bytes]) -> Iterator[None]:
    """Tell the reader of a document, a block at a time. Raises: UnreadableFile, ExpatError."""
    names: dict[str, str] = {}
    parser = ParserCreate(intern=names)
    open_elements = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal open_elements
        open_elements += 1
        if open_elements > DEEPEST:
            raise _unreadable("nesting")
        reader.start(_local(name), attributes)

    def end(name: str) -> None:
        nonlocal open_elements
        open_elements -= 1
        reader.end(_local(name))

    def declared(*_: object) -> None:
        raise _unreadable("DOCTYPE")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = declared
    came = 0
    for block in blocks:
        parser.Parse(block, False)
        came += len(block)
        if came - parser.CurrentByteIndex > LONGEST_MARK or len(names) > NAMES:
            raise _unreadable("names")
        yield
        if reader.done:
            return
    parser.Parse(b"", True)
    yield


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _unreadable(what: str) -> UnreadableFile:
    return UnreadableFile(0, "This is not an XLSX file that can be read: {error}.", error=what)
