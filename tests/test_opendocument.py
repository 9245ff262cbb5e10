"""ODS files are whole whatever happens around their writing."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree
from xml.sax.saxutils import XMLGenerator

import pytest

from dashboard.files import opendocument


def test_a_file_is_whole_though_somebody_still_holds_what_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[XMLGenerator] = []

    class Held(XMLGenerator):
        def __init__(self, *given, **named) -> None:
            super().__init__(*given, **named)
            held.append(self)

    monkeypatch.setattr(opendocument, "XMLGenerator", Held)
    content = opendocument.write([opendocument.Sheet("a", ["b"], [["c"]])])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "c" in "".join(ElementTree.fromstring(archive.read("content.xml")).itertext())
    assert held
