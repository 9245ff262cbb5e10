"""The import law: a fresh process imports each room and asks what came with it, so that indirect imports count."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

UI = ("streamlit", "plotly", "pydeck")
TREE = ("dashboard", "data_access", "pages")
ROOMS = ("metrics", "words", "upkeep", "page", "pictures", "answers", "files", "screen", "commands")
WHAT_CAME = """
import importlib, pkgutil, sys
room = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    if ".migrations." not in found.name:
        importlib.import_module(found.name)
closed = sys.argv[2:]
print("\\n".join(m for m in sys.modules if any(m == name or m.startswith(name + ".") for name in closed)))
"""


def above(room: str, *, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The rooms on higher floors, and the pages."""
    higher = ROOMS[ROOMS.index(room) + 1 :]
    return (*(f"dashboard.{other}" for other in higher if other not in but), "dashboard.app", "dashboard.web")


CLOSED: dict[str, tuple[str, ...]] = {
    "data_access": (*UI, "dashboard", "pages", "sample_data"),
    "dashboard.metrics": (*UI, "sqlalchemy", "data_access", "pages", "sample_data", *above("metrics")),
    "dashboard.words": (*UI, "pages", "sample_data", *above("words")),
    "dashboard.upkeep": (*UI, "pages", "sample_data", *above("upkeep")),
    "dashboard.page": (*UI, "pages", "sample_data", *above("page")),
    "dashboard.pictures": ("streamlit", "pages", "sample_data", *above("pictures")),
    "dashboard.answers": ("streamlit", "pages", "sample_data", *above("answers")),
    "dashboard.files": ("streamlit", "pages", "sample_data", *above("files")),
    "dashboard.screen": ("pages", "sample_data", *above("screen")),
    "dashboard.commands": ("streamlit", "pages", "sample_data", "dashboard.screen", "dashboard.app", "dashboard.web"),
    "pages": ("streamlit", "sample_data", "dashboard.files", "dashboard.screen", "dashboard.commands"),
    "sample_data": (*UI, "pages", "dashboard.page", "dashboard.answers", "dashboard.screen"),
}


def what_came(room: str, root: Path = ROOT) -> list[str]:
    """The modules closed to a room that importing all of it loads all the same."""
    asked = [sys.executable, "-c", WHAT_CAME, room, *CLOSED[room]]
    done = subprocess.run(asked, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("room", CLOSED)
def test_nothing_of_a_higher_floor_comes_with_a_room(room: str) -> None:
    assert what_came(room) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house, to plant something in."""
    for part in TREE:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    return tmp_path


@pytest.mark.parametrize(
    ("planted_in", "line", "room"),
    [
        ("dashboard/words/written.py", "import streamlit", "dashboard.answers"),
        ("data_access/viewer.py", "import plotly", "data_access"),
        ("dashboard/metrics/statistics.py", "import sqlalchemy", "dashboard.metrics"),
        ("dashboard/page/links.py", "import dashboard.answers", "dashboard.page"),
        ("dashboard/words/codes.py", "import dashboard.files", "pages"),
    ],
)
def test_a_planted_import_against_the_law_is_found_also_where_it_is_indirect(
    copy: Path, planted_in: str, line: str, room: str
) -> None:
    file = copy / planted_in
    file.write_text(file.read_text() + f"\n{line}\n")
    assert what_came(room, copy) != []


def test_every_room_is_under_the_law() -> None:
    rooms = {path.name for path in (ROOT / "dashboard").iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(ROOMS)


def test_no_database_text_reaches_the_browser_as_html() -> None:
    for path in [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert "unsafe_allow_html" not in path.read_text(), path


def test_what_is_kept_is_kept_in_one_place_alone() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        text = path.read_text()
        assert ("st.cache_data" not in text and "st.cache_resource" not in text) or path.name == "reading.py", path
        assert "Store(" not in text or path.name in ("reading.py", "store.py"), path
