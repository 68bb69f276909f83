"""The small parts of an XLSX file: where its first sheet is, its shared texts, which numbers are dates."""

from __future__ import annotations

import posixpath
from array import array
from dataclasses import dataclass, field

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from models.text.digits import whole_number
from resolvers.integrations.files.archives import Archive, XmlReader, tell
from resolvers.integrations.files.csv_files import UnreadableFile

PART_BYTES = 4_000_000
SHARED_TEXT_BYTES = 64_000_000
CELL_CHARACTERS = 32_767
_FORMAT_CHARACTERS = 255


class CellText:
    """The text of a cell that comes in runs, without how it is pronounced."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._taking = self._aside = False

    def begin(self) -> None:
        self._pieces, self._length = [], 0
        self._taking = self._aside = False

    def start(self, name: str) -> None:
        self._aside = self._aside or name == "rPh"
        self._taking = name in ("t", "v") and not self._aside

    def end(self, name: str) -> None:
        self._aside = self._aside and name != "rPh"
        self._taking = False

    def add(self, text: str) -> bool:
        """Whether a cell may be as long as this one is now."""
        if self._taking:
            self._pieces.append(text)
            self._length += len(text)
        return self._length <= CELL_CHARACTERS

    def __str__(self) -> str:
        return "".join(self._pieces).replace("x005F_", "")


class SharedTexts(XmlReader):
    """Texts that cells name by number, kept in two pieces of memory however many they are."""

    def __init__(self) -> None:
        self._all = bytearray()
        self._ends = array("I")
        self._text = CellText()

    def __getitem__(self, number: int) -> str:
        """Raises: IndexError."""
        begin = self._ends[number - 1] if number else 0
        return self._all[begin : self._ends[number]].decode()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._text.begin()
        self._text.start(name)

    def text(self, text: str) -> None:
        if not self._text.add(text):
            raise UnreadableFile(
                0, "A cell holds more than {maximum} characters.", maximum=CELL_CHARACTERS
            )

    def end(self, name: str) -> None:
        self._text.end(name)
        if name == "si":
            self._all += str(self._text).encode()
            self._ends.append(len(self._all))


class Styles(XmlReader):
    """Which styles of cells make a number a date."""

    def __init__(self) -> None:
        self._own: dict[str, str] = {}
        self._of_style: list[str] = []
        self._in_cells = False
        self._kinds: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            code = attributes.get("formatCode", "")[:_FORMAT_CHARACTERS]
            self._own[attributes.get("numFmtId", "")] = code
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._of_style.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        self._in_cells = self._in_cells and name != "cellXfs"

    def kind(self, style: int) -> str:
        """What a number in this style is: `date`, `duration` or nothing of these."""
        if style >= len(self._of_style):
            return ""
        number = self._of_style[style]
        if number not in self._kinds:
            own = self._own.get(number)
            code = builtin_format_code(whole_number(number) or 0) if own is None else own
            dated = "duration" if is_timedelta_format(code) else "date"
            self._kinds[number] = dated if is_date_format(code) else ""
        return self._kinds[number]


@dataclass
class Book(XmlReader):
    """The sheets of a workbook, in its order, and the day from which it counts."""

    sheets: list[str] = field(default_factory=list)
    counts_from_1904: bool = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sheet":
            own = (value for key, value in attributes.items() if key.endswith(":id"))
            self.sheets.append(next(own, ""))

    def moment(self, number: float, kind: str) -> str:
        """The date or the duration that a number is; raises ValueError or OverflowError."""
        epoch = MAC_EPOCH if self.counts_from_1904 else WINDOWS_EPOCH
        found = from_excel(number, epoch, timedelta=kind == "duration")
        return found.isoformat() if hasattr(found, "isoformat") else str(found)


class _Relations(XmlReader):
    """What a part refers to: kind and path by ID."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.parts: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            kind = attributes.get("Type", "").rpartition("/")[2]
            target = posixpath.join("/", self._folder, attributes.get("Target", ""))
            path = posixpath.normpath(target).lstrip("/")
            self.parts[attributes.get("Id", "")] = kind, path


@dataclass(frozen=True, slots=True)
class Workbook:
    """An XLSX file but for its sheets; `sheet` is the path of the first."""

    book: Book
    sheet: str
    texts: SharedTexts
    styles: Styles


def read_workbook(archive: Archive) -> Workbook:
    """Raises: UnreadableFile, and what broken ZIP archives and XML raise."""
    top = _relations(archive, "")
    path = next((path for kind, path in top.values() if kind == "officeDocument"), "")
    book, texts, styles = Book(), SharedTexts(), Styles()
    _read(archive, path, book, PART_BYTES)
    parts = _relations(archive, path)
    only = dict(parts.values())
    if archive.holds(only.get("sharedStrings", "")):
        _read(archive, only["sharedStrings"], texts, SHARED_TEXT_BYTES)
    if archive.holds(only.get("styles", "")):
        _read(archive, only["styles"], styles, PART_BYTES)
    found = (parts[each] for each in book.sheets if each in parts)
    sheets = [path for kind, path in found if kind == "worksheet" and archive.holds(path)]
    if not sheets:
        raise UnreadableFile(0, "This XLSX file has no sheet.")
    return Workbook(book, sheets[0], texts, styles)


def _relations(archive: Archive, path: str) -> dict[str, tuple[str, str]]:
    folder, name = posixpath.split(path)
    relations = _Relations(folder)
    _read(archive, posixpath.join(folder, "_rels", f"{name}.rels"), relations, PART_BYTES)
    return relations.parts


def _read(archive: Archive, name: str, reader: XmlReader, maximum: int) -> None:
    for _ in tell(reader, archive.blocks(name, maximum)):
        pass
