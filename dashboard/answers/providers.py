"""Who works on what, where and for whom: activity against host country or audience, and the projects of a cell over time."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.answers.crossing import EVERY, MOST, cell_name, cell_names, laid_out, levels, recorded, with_unplaced
from dashboard.metrics import overlap
from dashboard.page.blocks import Chart
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts, grids
from dashboard.words import codes, written
from data_access import queries
from data_access.i18n import _, ngettext
from data_access.queries.overlap import Across

WORDS = ("none_recorded", "several", "crowded", "one_provider")


def across_names() -> dict[str, str]:
    """What activities can be laid out against."""
    return {"host_country": _("Host country"), "audience": _("Audience")}


@shown_once
def chart(visit: Visit, across: Across) -> Chart | None:
    """The grid with a word for each cell; None when nothing is recorded."""
    grid = read(queries.overlap.grid(visit.filters, visit.viewer, across))
    if grid.empty:
        return None
    cells, placed = _cells(grid, across), grid[overlap.is_placed(grid, across)]
    single = int((placed["organisations"] == 1).sum())
    title = _title(single, len(placed))
    pictured = grids.Grid(cells, "work", "country", "text", "word", levels(with_unplaced(WORDS)), opens="cell")
    return Chart(
        _key(across),
        title,
        codes.by_names(grid, [across, "activity"]).sort_values(
            "organisations", ascending=False, kind="stable", ignore_index=True
        ),
        _note(across, recorded(cells, across), len(placed)),
        pictured.whole(),
        charts.alternative(title, list(cells["country"] + " · " + cells["work"]), list(cells["text"])),
        opens="rows",
        narrow=replace(pictured, cells=_told_of(_cells(grid, across, EVERY))).listed("organisations", grids.LEVEL),
    )


def _title(single: int, known: int) -> str:
    """Of how many combinations, as far as both sides are known, one organisation is the only provider."""
    if not known:
        return _("Of no combination both sides are known")
    said = ngettext(
        "{n} of {m} combinations has a single provider", "{n} of {m} combinations have a single provider", single
    )
    return said.format(n=written.number(single), m=written.number(known))


def _told_of(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells that the title counts, where there are any."""
    single = cells[cells["word"] == "one_provider"]
    return cells if single.empty else single


def _key(across: Across) -> str:
    return "grid" if across == "host_country" else "audience_grid"


def _note(across: Across, shown: int, known: int) -> str:
    """What stands in a cell, and how many of all `known` combinations are `shown`."""
    if across == "audience":
        what = _(
            "Distinct organisations with a project that has not ended, by whom it is for; a dash: none recorded. A project for "
            "several audiences counts in each."
        )
        which = _("{shown} of {n} combinations are shown; all are in the table. Click a cell to open it.")
    else:
        what = _("Distinct organisations with a project that has not ended; a dash: none recorded.")
        which = _(
            "The busiest countries and activities, {shown} of {n} combinations, and what is withheld or not stated; all are in "
            "the table. Click a cell to open it."
        )
    if not known:
        which = _("What is withheld or not stated is shown. Click a cell to open it.")
    return f"{what} {which}".format(shown=written.number(shown), n=written.number(known))


def _cells(grid: pd.DataFrame, across: Across, most: tuple[int, int] = MOST) -> pd.DataFrame:
    """The busiest countries and activities, `most` of each, as a complete grid: country, work, text, word."""
    cells = laid_out(grid, "organisations", most, across)
    cells["organisations"] = cells["organisations"].fillna(0)
    words = overlap.grid_words(cells["organisations"].astype("int64"))
    cells["word"] = words.where(overlap.is_placed(cells, across) | cells["organisations"].eq(0), "unplaced")
    cells["text"] = cells["organisations"].map(lambda n: "–" if n == 0 else str(n))
    return cells


def cell_choice(across: Across, grid: Chart) -> tuple[str, dict[str, str]]:
    """The chart, and its cells whose projects can be opened."""
    return _key(across), cell_names(grid.rows, across)


def rows_of_cell(visit: Visit, cell: str, across: Across = "host_country") -> Chart:
    """The projects behind one cell, as the grid counts them, over time: who does it in the same months."""
    value, _dot, activity = cell.partition(".")
    found = read(queries.overlap.projects_of_cell(value, activity, visit.filters, visit.viewer, across))
    name, dated = cell_name(value, activity, across), found[found["starts_on"].notna()]
    most = overlap.most_at_once(dated)
    title = (
        _("Behind {name}: up to {n} projects in the same month").format(name=name, n=written.number(most))
        if most > 1
        else _("Behind {name}").format(name=name)
    )
    undated = len(found) - len(dated)
    note = ngettext(
        "{n} project without a known start is in the table alone.",
        "{n} projects without a known start are in the table alone.",
        undated,
    )
    return Chart(
        "cell_projects",
        title,
        found[["project", "organisation", "starts_on", "ends_on"]],
        note.format(n=written.number(undated)) if undated else "",
        charts.over_time(dated, "project", "starts_on", "ends_on", visit.as_of),
        charts.alternative(title, list(dated["project"]), [written.day(day) for day in dated["starts_on"]]),
    )
