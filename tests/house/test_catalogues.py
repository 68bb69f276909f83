"""Every catalogue of translations reads without a warning, and leaves no message without a translation."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from schema.messages import CATALOGUES

PATHS = sorted(CATALOGUES.glob("*/*.po"))


def test_there_are_catalogues() -> None:
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_catalogue_reads_without_a_warning(
    path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with path.open("rb") as file:
        entries = read_po(file, locale=path.parent.name, abort_invalid=True)
    assert [str(each.id) for each in entries if each.id and not each.string] == []
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
