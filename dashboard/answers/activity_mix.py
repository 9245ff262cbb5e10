"""What initiatives do, by host country: shares of recorded activities as a grid."""

from __future__ import annotations

from itertools import product

import pandas as pd

from dashboard.answers.crossing import levels
from dashboard.answers.initiatives import Initiatives, work_by_place
from dashboard.metrics import distribution
from dashboard.page.blocks import Chart
from dashboard.page.reading import shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts, grids
from dashboard.words import codes, written
from data_access.i18n import _

SMALLEST, MOST_ACTIVITIES = 5, 10
SHARES = ("none_recorded", "small_share", "middle_share", "large_share")
NONE, LEAST = -1, 0.001
EDGES = [-2, NONE, 9, 19, 100]
"""Per cent at most, per word of SHARES: none recorded is less than a share that rounds to nothing."""


@shown_once
def mix(found: Initiatives, visit: Visit) -> Chart | None:
    """How the largest countries divide over activities; None when none has five initiatives."""
    work = distribution.location_quotient(work_by_place(found, visit, "activity"), SMALLEST)
    counts = distribution.activity_mix(work, minimum=SMALLEST)
    if counts.empty:
        return None
    title = _("What initiatives do, by host country")
    cells = _cells(counts, found.named.set_index("place")["initiatives"])
    pictured = grids.Grid(cells, "kind", "country", "text", "word", levels(SHARES))
    common = cells.sort_values("percent", ascending=False, kind="stable")
    return Chart(
        "mix",
        title,
        counts[["place", "activity", "initiatives", "percent", "lq"]],
        _(
            "Share of a country's recorded activities in per cent, read downwards; an initiative counts once per activity. The eight "
            "countries with the most of these, five or more, in brackets their active initiatives, and the {n} most frequent "
            "activities; all are in the table."
        ).format(n=written.number(cells["kind"].nunique())),
        pictured.whole(),
        charts.alternative(title, [f"{r.country}, {r.kind}" for r in common.itertuples()], list(common["text"])),
        narrow=pictured.listed("percent"),
    )


def _cells(counts: pd.DataFrame, sizes: pd.Series) -> pd.DataFrame:
    """Every shown country with every shown activity: country, kind, percent, text and word; `sizes`: initiatives by place."""
    frequent = counts.groupby("activity")["initiatives"].sum().sort_values(ascending=False, kind="stable")
    said = counts.set_index(["place", "activity"])["percent"]
    cells = pd.DataFrame(
        list(product(frequent.index[:MOST_ACTIVITIES], dict.fromkeys(counts["place"]))), columns=["activity", "place"]
    )
    cells["percent"] = said.reindex(pd.MultiIndex.from_frame(cells[["place", "activity"]])).fillna(NONE).to_numpy()
    cells["text"] = ["–" if share == NONE else written.percent(share / 100 or LEAST) for share in cells["percent"]]
    cells["word"] = pd.cut(cells["percent"], EDGES, labels=SHARES).astype("str")
    cells["country"] = [f"{written.country(place)} ({sizes.get(place, 0)})" for place in cells["place"]]
    return cells.assign(kind=[codes.code("activity", activity) for activity in cells["activity"]])
