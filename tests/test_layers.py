"""The import law: pages -> dashboard -> data_access; metrics are pure; nobody imports a page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

UI = {"streamlit", "plotly", "pydeck"}
CLOSED: dict[str, set[str]] = {
    "data_access": {*UI, "dashboard", "pages", "sample_data"},
    "dashboard/metrics": {
        *UI,
        "sqlalchemy",
        "data_access",
        "pages",
        "sample_data",
        "dashboard.data",
        "dashboard.visit",
    },
    "dashboard/topics": {"streamlit", "sqlalchemy", "pages", "sample_data"},
    "dashboard": {"pages"},
    "sample_data": {*UI, "pages"},
    "pages": {"sqlalchemy", "data_access", "plotly", "pydeck", "sample_data"},
}


def imported(path: Path) -> set[str]:
    """Every module a file imports, with all its parents."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {".".join(name.split(".")[: n + 1]) for name in names for n in range(name.count(".") + 1)}


def offences(root: Path) -> list[str]:
    """Imports that go against the law, as 'file imports module'."""
    return [
        f"{path.relative_to(root)} imports {module}"
        for folder, closed in CLOSED.items()
        for path in sorted((root / folder).rglob("*.py"))
        for module in sorted(imported(path) & closed)
    ]


def test_imports_go_one_way() -> None:
    assert offences(ROOT) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("data_access/queries/planted.py", "import streamlit as st"),
        ("dashboard/metrics/planted.py", "from sqlalchemy import select"),
        ("dashboard/planted.py", "from pages import overview"),
        ("pages/planted.py", "from data_access.queries import funding"),
        ("data_access/planted.py", "from dashboard.metrics import funding"),
    ],
)
def test_a_planted_arrow_against_the_law_is_found(tmp_path: Path, file: str, line: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(line)
    assert len(offences(tmp_path)) == 1


def test_no_database_text_reaches_the_browser_as_html() -> None:
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert "unsafe_allow_html" not in path.read_text(), path


def test_pages_draw_through_the_view_alone_so_that_they_run_without_a_browser() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py") if "streamlit" in path.read_text()] == []


def test_only_one_function_caches_what_pages_read() -> None:
    caching = [p.name for p in (ROOT / "dashboard").rglob("*.py") if "st.cache_" in p.read_text()]
    assert caching == ["data.py"]
