"""Small workbooks loaded into fresh databases and read as pages read them: what tests of figures on real files share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from dashboard.page.opening import open_for
from dashboard.page.reading import read_metas
from dashboard.page.visit import Visit
from dashboard.upkeep.loading import Request, bring
from dashboard.upkeep.refresh import refresh
from data_access import database
from data_access.importers.outcomes import Outcome
from data_access.viewer import Viewer
from tests.conftest import STEWARD
from tests.import_files import book

AS_OF = date(2024, 6, 30)
YEAR = (date(2024, 1, 1), date(2024, 1, 1), date(2024, 12, 31))
INITIATIVES = ["Reference", "Name", "Is an initiative", "Gives money", "Independence", "Visibility"]
GRANTS = ["Reference", "Funder", "Recipient", "Project", "Passed on from", "Amount", "Currency", "Status", "Kind",
          "Restriction", "Signed", "Starts", "Ends", "Countries"]  # fmt: skip
PROJECTS = ["Reference", "Name", "Lead initiative", "Starts", "Ends", "Status"]
FACETS = ["Project", "Facet", "Value", "Withheld"]
PRESENCES = ["Initiative", "Host country", "Role", "Precision", "Place"]
NEEDS = ["Reference", "Project", "Initiative", "From", "To", "Amount", "Currency", "Kind", "Confidence", "Stated by",
         "Stated on"]  # fmt: skip


def initiative(name: str, **how: str) -> list[Any]:
    """A row of an initiative, or of a funder with `member="no"`."""
    member = how.get("member", "yes")
    return [name, f"Org {name}", member, "yes", how.get("independence", "independent"), how.get("visibility", "public")]


def grant(name: str, funder: str | None, recipient: str, amount: float | None, **how: Any) -> list[Any]:
    """A row of a grant signed and spread over 2024 unless told otherwise."""
    known: dict[str, Any] = {
        "project": None, "parent": None, "currency": "EUR", "status": "commitment", "kind": "new",
        "restriction": "unknown", "signed": YEAR[0], "starts": YEAR[1], "ends": YEAR[2], "countries": None,
    } | how  # fmt: skip
    return [name, funder, recipient, known["project"], known["parent"], amount, known["currency"], known["status"],
            known["kind"], known["restriction"], known["signed"], known["starts"], known["ends"], known["countries"]]  # fmt: skip


def load_book(engines: Mapping[database.Which, Engine], folder: Path, **sheets: list[list[Any]]) -> Outcome:
    """Load a workbook of these sheets and sum it up."""
    path = book(folder / "book.xlsx", **sheets)
    done = bring(engines, Request("x", [path]), AS_OF, lambda _n: None)
    assert not done.rejected, [str(problem) for problem in done.problems]
    refresh(engines["shared"], engines.get("cases"), AS_OF)
    return done


def load_text(engines: Mapping[database.Which, Engine], path: Path, text: str, **request: Any) -> Outcome:
    """Load a file of this text and sum it up."""
    path.write_text(text, encoding="utf-8")
    done = bring(engines, Request("x", [path], **request), AS_OF, lambda _n: None)
    refresh(engines["shared"], engines.get("cases"), AS_OF)
    return done


def visit_of(viewer: Viewer = STEWARD) -> Visit:
    """A visit of what was loaded."""
    return open_for(viewer, read_metas())
