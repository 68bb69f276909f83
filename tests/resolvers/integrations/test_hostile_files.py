"""Small files that would grow: each is refused with a sentence, or costs no more than what was read of it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_LZMA

import orjson
import pytest

from models.errors import InvalidInput
from models.integrations.bulk import BulkFormat
from resolvers.integrations.files import archives, row_files, sheets, workbooks
from resolvers.integrations.files.csv_files import CsvRow, UnreadableFile
from resolvers.integrations.files.file_forms import readable
from resolvers.integrations.files.row_files import FileRow, RowFile
from resolvers.integrations.files.sheets import sheet_lines
from resolvers.integrations.files.stopping import Stop, Stopped
from tests.make.workbooks import a_row, a_workbook

HEADER = a_row(1, A="code", B="name")


def lines_of(folder: Path, content: bytes) -> list[list[object]]:
    path = folder / "rows.xlsx"
    path.write_bytes(content)
    return [orjson.loads(line) for line in sheet_lines(path, Stop())]


def rows_of(folder: Path, form: BulkFormat, content: bytes) -> list[FileRow]:
    path = folder / "rows"
    path.write_bytes(content)
    if form is BulkFormat.XLSX:
        path = readable(path, form, folder / "rows.lines", None, Stop()).path
    file, found = RowFile(path, form, [["code"]], ["code", "name"]), list[FileRow]()
    try:
        while rows := file.rows(501):
            found += rows
    finally:
        file.close()
    return found


REFUSED = {
    "gap": (HEADER + a_row(20_000_000, A="x"), 1, "The next row is behind row 1048576, the last."),
    "far": (HEADER + '<row r="99999999999999999999"/>', 1, "The next row is behind row 1048576"),
    "back": (a_row(7, A="code") + a_row(7, A="x"), 7, "The row behind this one has number 7."),
    "wide": (a_row(3, XFD="code"), 3, "The header has more than 256 columns."),
    "cell": (HEADER + a_row(2, A="x" * 32_768), 2, "A cell holds more than 32767 characters."),
    "row": (
        a_row(1, **{f"A{letter}": "é" * 32_767 for letter in "ABCDEFGHIJKLMNOPQRST"}),
        1,
        "This row is longer than 1000000 bytes.",
    ),
    "text": ('<row r="4"><c t="s"><v>1</v></c></row>', 4, "A cell names a text that this file does not"),
    "negative": ('<row r="4"><c t="s"><v>-1</v></c></row>', 4, "A cell names a text that this file"),
    "nesting": ("<a>" * 100, 0, "This is not an XLSX file that can be read: nesting."),
    "names": ("".join(f"<n{n}/>" for n in range(5_000)), 0, "that can be read: names."),
    "mark": (f'<a b="{"x" * 400_000}"/>', 0, "that can be read: names."),
    "broken": ("<row>", 0, "This is not an XLSX file that can be read: ExpatError."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_sheet_that_would_grow_is_refused_where_it_does(tmp_path: Path, name: str) -> None:
    rows, line, sentence = REFUSED[name]
    with pytest.raises(UnreadableFile, match=r".+") as refused:
        lines_of(tmp_path, a_workbook(rows, texts="<si><t>one</t></si>"))
    assert sentence in str(refused.value)
    assert refused.value.line == line


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    head = '<!DOCTYPE a [<!ENTITY b "xxxxxxxx">]>'
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        lines_of(tmp_path, a_workbook(a_row(1, A="&b;"), head=head))


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_parts_that_unpack_without_a_bound_are_not_unpacked(tmp_path: Path, method: int) -> None:
    with pytest.raises(UnreadableFile, match=r"This is not an XLSX file."):
        lines_of(tmp_path, a_workbook(HEADER, method=method))


def test_a_list_of_many_parts_is_not_read(tmp_path: Path) -> None:
    assert len(lines_of(tmp_path, a_workbook(HEADER, more={"a": ""}))) == 1
    with pytest.raises(UnreadableFile, match=r"This is not an XLSX file."):
        lines_of(tmp_path, a_workbook(HEADER, more={f"{n:0200}": "" for n in range(4_500)}))


@pytest.mark.parametrize(
    ("room", "bound", "content"),
    [
        (workbooks, "SHARED_TEXT_BYTES", a_workbook(HEADER, texts="<si><t>x</t></si>" * 20_000)),
        (
            workbooks,
            "PART_BYTES",
            a_workbook(HEADER, more={"xl/workbook.xml": "<a>" + " " * 200_000}),
        ),
        (sheets, "SHEET_BYTES", a_workbook(HEADER + "<row/>" * 40_000)),
        (
            sheets,
            "CONVERTED_BYTES",
            a_workbook(
                HEADER + '<row><c t="s"><v>0</v></c></row>' * 1_000,
                texts=f"<si><t>{'x' * 30_000}</t></si>",
            ),
        ),
    ],
    ids=["shared texts", "part", "sheet", "converted"],
)
def test_a_part_is_bounded_by_what_was_read_of_it_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: object, bound: str, content: bytes
) -> None:
    monkeypatch.setattr(room, bound, 100_000)
    read, real = [0], archives.ZipFile.open

    def opened(*arguments: object) -> object:
        part = real(*arguments)  # type: ignore[arg-type]
        take = part.read

        def counted(size: int) -> bytes:
            block = take(size)
            read[0] += len(block)
            return block

        part.read = counted  # type: ignore[assignment, method-assign]
        return part

    monkeypatch.setattr(archives.ZipFile, "open", opened)
    with pytest.raises(UnreadableFile, match=r"This XLSX file is too large: save it as CSV."):
        lines_of(tmp_path, content)
    assert 0 < read[0] < 150_000


def test_cells_behind_the_header_cost_one_cell_and_fail_their_row_alone(tmp_path: Path) -> None:
    wide = "".join(a_row(n, A="P", XFD="x") for n in range(2, 6_002))
    content = a_workbook(HEADER + wide + a_row(6_002, A="P", B="y"))
    assert {len(line) for line in lines_of(tmp_path, content)} == {3, 4}
    *faulty, sound = rows_of(tmp_path, BulkFormat.XLSX, content)
    assert {str(row.value) for row in faulty} == {"There are more cells than columns."}
    assert isinstance(sound.value, CsvRow)
    assert [row.line for row in (*faulty, sound)] == list(range(2, 6_003))


def test_a_gap_is_left_out_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    content = a_workbook(HEADER + a_row(1_048_576, A="x"))
    assert lines_of(tmp_path, content) == [[1, "code", "name"], [1_048_576, "x"]]
    (row,) = rows_of(tmp_path, BulkFormat.XLSX, content)
    assert row.line == 1_048_576


def test_reading_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    path, stop = tmp_path / "rows", Stop()
    path.write_bytes(a_workbook("".join(a_row(n, A="x") for n in range(1, 5_000))))
    rows = sheet_lines(path, stop)
    next(rows)
    stop.ask()
    with pytest.raises(Stopped):
        list(rows)
    for form, content in ((BulkFormat.CSV, b"\xff\xfea\0"), (BulkFormat.JSONL, "茶".encode("gbk"))):
        path.write_bytes(content)
        with pytest.raises(Stopped):
            readable(path, form, tmp_path / "rows.lines", None, stop)
    assert [each.name for each in tmp_path.iterdir()] == ["rows"], "nothing half done is left"


@pytest.mark.parametrize("form", [BulkFormat.JSONL, BulkFormat.XLSX])
def test_a_file_of_many_rows_has_as_many_and_no_fault(tmp_path: Path, form: BulkFormat) -> None:
    sheet = a_workbook(HEADER + "".join(a_row(n, A="x") for n in range(2, 2_502)))
    content = b'{"code": "x"}\n' * 2_500 if form is BulkFormat.JSONL else sheet
    rows = rows_of(tmp_path, form, content)
    assert len(rows) == 2_500
    assert not [row for row in rows if isinstance(row.value, InvalidInput)]


@pytest.mark.parametrize("deep", [b"[" * 500 + b"]" * 500, b'{"a":' * 33 + b"[]" + b"}" * 33])
def test_deep_json_fails_alone(tmp_path: Path, deep: bytes) -> None:
    first, second = rows_of(tmp_path, BulkFormat.JSONL, deep + b'\n{"code": "x"}\n')
    assert str(first.value) == "This is nested too deeply."
    assert second.value == {"code": "x"}


def test_a_header_of_many_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"The header has more than 256 columns.") as refused:
        rows_of(tmp_path, BulkFormat.CSV, b"code" + b",x" * 400_000 + b"\n")
    assert refused.value.line == 1


def test_a_row_of_many_cells_fails_alone(tmp_path: Path) -> None:
    many = b",x" * 400_000 + b"\n"
    rows = rows_of(tmp_path, BulkFormat.CSV, b"code,name\n" + many + b"P1,x\n")
    assert str(rows[0].value) == "There are more cells than columns."
    assert [row.line for row in rows] == [2, 3]
    assert isinstance(rows[1].value, CsvRow)


def test_a_row_is_no_longer_for_having_several_lines(tmp_path: Path) -> None:
    field = b"x" * 100_000
    row = b'"' + b'\n","'.join([field] * 15) + b'"\n'
    first, *_ = rows_of(tmp_path, BulkFormat.CSV, b"code,name\n" + row)
    assert str(first.value) == "This row is longer than 1000000 bytes."


def test_a_line_without_an_end_takes_no_memory(tmp_path: Path) -> None:
    content = b"code\n" + b"x" * 30_000_000 + b"\nP1\n"
    path = tmp_path / "rows"
    path.write_bytes(content)
    file = RowFile(path, BulkFormat.CSV, [["code"]], ["code"])
    tracemalloc.start()
    try:
        first, second = file.rows(501)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        file.close()
    assert str(first.value) == "This row is longer than 1000000 bytes."
    assert second.line == 3
    assert peak < 8_000_000


def test_quotes_that_never_end_are_read_again_so_often_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_files, "READ_AGAIN_BYTES", 50_000)
    with pytest.raises(UnreadableFile, match="Too many quotes are opened") as refused:
        rows_of(tmp_path, BulkFormat.CSV, b"code,name\n" + b'a","b\n' * 20_000)
    assert refused.value.line < 20


def test_rows_are_taken_by_their_bytes_too(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes((b'{"code": "' + b"x" * 900_000 + b'"}\n') * 20)
    file, taken = RowFile(path, BulkFormat.JSONL, [], []), list[int]()
    while rows := file.rows(501):
        taken.append(len(rows))
    file.close()
    assert sum(taken) == 20
    assert max(taken) <= 6
