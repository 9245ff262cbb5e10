"""What comes after arrival: permits and documents that run out, renewals, changes of route, moving on and returning."""

from __future__ import annotations

import pandas as pd

from dashboard.page.blocks import Chart, Table
from dashboard.page.reading import read, shown_once
from dashboard.page.visit import Visit
from dashboard.pictures import charts
from dashboard.words import codes, written
from data_access import queries
from data_access.case_summaries import NO_LAST_DAY
from data_access.i18n import _, ngettext

STEPS = {"over": 0, "in_90_days": 90, "in_180_days": 180, "after_180_days": NO_LAST_DAY - 1}
HAPPENED = ("renewed", "route_changed", "moved_on", "returned")


def _buckets(rows: pd.DataFrame) -> pd.Series:
    """Days left of a permit or document as over (it ends today or ended), within 90 or 180 days, later, or not stated."""
    edges = [-float("inf"), *STEPS.values(), float("inf")]
    return pd.cut(rows["days"], edges, labels=[*STEPS, "not_stated"]).astype("str")


@shown_once
def running_out(visit: Visit) -> Chart | None:
    """The newest permits and documents on record by the days left of them; None where none is on record."""
    rows = read(queries.relocation.after_arrival(visit.filters, visit.viewer))
    valid = rows[rows["what"].isin(["permit", "document"])]
    if valid.empty:
        return None
    found = valid.assign(left=_buckets(valid)).groupby(["what", "left"], as_index=False)["episodes"].sum()
    soon = int(found.loc[found["left"].isin(["over", "in_90_days"]) & (found["what"] == "permit"), "episodes"].sum())
    title = ngettext(
        "The newest permit of {n} case is over or ends within 90 days",
        "The newest permits of {n} cases are over or end within 90 days",
        soon,
    ).format(n=written.number(soon))
    order = ["after_180_days", "in_180_days", "in_90_days", "over"]
    names = {word: codes.word(word) for word in ("permit", "document", "not_stated", *order)}
    arrived = int(rows.loc[rows["what"] == "arrived", "episodes"].sum())
    with_permit = int(rows.loc[rows["what"] == "permit", "episodes"].sum())
    return Chart(
        "permits",
        title,
        found.rename(columns={"left": "validity"}),
        _("Of {n} cases that ended with relocation, {k} have a permit on record. Only the newest permit and document of a case count; one that ends today is over. Whether one was renewed and nobody wrote it down is not known.")
        .format(n=written.number(arrived), k=written.number(with_permit)),
        charts.stacked_bars(found, "what", "left", "episodes", order, names, "not_stated"),
        charts.alternative(
            title,
            [f"{names[r.what]} {names[r.left]}" for r in found.itertuples()],
            [written.number(n) for n in found["episodes"]],
        ),
        is_live=True,
    )  # fmt: skip


@shown_once
def by_programme(visit: Visit) -> Table:
    """What became of those who arrived, per host country and route; counts of what is on record."""
    rows = read(queries.relocation.after_arrival(visit.filters, visit.viewer))
    keys = ["host_country", "route"]
    wide = rows.groupby([*keys, "what"])["episodes"].sum().unstack("what", fill_value=0)
    permits = rows[rows["what"] == "permit"]
    soon = permits[_buckets(permits).isin(["over", "in_90_days", "in_180_days"])].groupby(keys)["episodes"].sum()
    names = ["arrived", "permit", *HAPPENED]
    table = wide.reindex(columns=names, fill_value=0).assign(soon=soon.reindex(wide.index, fill_value=0)).reset_index()
    columns = [*keys, "arrived", "permit", "soon", *HAPPENED]
    return Table(
        "after_arrival",
        _("After arrival, by host country and route"),
        table[columns].astype(dict.fromkeys(columns[2:], "Int64")),
        _("Cases. Nothing on record is no proof that nothing happened: most of it is told by those it happens to."),
        is_live=True,
    )
