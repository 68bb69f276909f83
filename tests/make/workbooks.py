"""XLSX files part by part, also such as no spreadsheet writes."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = '<Relationships><Relationship Id="r" Type="{}/{}" Target="{}"/>{}</Relationships>'
_BOOK = '<workbook xmlns:r="{}"><sheets><sheet name="s" sheetId="1" r:id="r"/></sheets></workbook>'


def a_workbook(
    rows: str,
    texts: str = "",
    method: int = ZIP_DEFLATED,
    more: dict[str, str] | None = None,
    head: str = "",
) -> bytes:
    """A file with these rows as XML; its shared texts are in a part whose name says nothing."""
    own = f'<Relationship Id="t" Type="{_KIND}/sharedStrings" Target="/xl/s2.xml"/>'
    parts = {
        "_rels/.rels": _RELATIONS.format(_KIND, "officeDocument", "xl/workbook.xml", ""),
        "xl/workbook.xml": _BOOK.format(_KIND),
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(_KIND, "worksheet", "sheet.xml", own),
        "xl/s2.xml": f"<sst>{texts}</sst>",
        "xl/sheet.xml": f"{head}<worksheet><sheetData>{rows}</sheetData></worksheet>",
        **(more or {}),
    }
    content = BytesIO()
    with ZipFile(content, "w", method) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def a_row(number: int, **cells: str) -> str:
    """A row of texts by the letters of their columns."""
    inside = "".join(
        f'<c r="{letters}{number}" t="str"><v>{text}</v></c>' for letters, text in cells.items()
    )
    return f'<row r="{number}">{inside}</row>'
