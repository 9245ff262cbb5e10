"""Who works where on what, as a table with HXL tags under its headings."""

from __future__ import annotations

import csv
import io

import pandas as pd

from dashboard.answers.open_data import OpenData
from dashboard.files.formats import safe_text
from dashboard.words import codes

COLUMNS = {
    "organisation": ("Organisation", "#org+name"),
    "project": ("Project", "#activity+project"),
    "activity": ("Activity", "#sector"),
    "country": ("Host country", "#country+code"),
    "starts_on": ("Start date", "#date+start"),
    "ends_on": ("End date", "#date+end"),
}


def as_csv(found: OpenData) -> bytes:
    """A row per organisation, project, activity and host country; cells of what is not said are empty."""
    work = found.work
    shown = pd.DataFrame(
        {
            "organisation": work["organisation"],
            "project": work["project"],
            "activity": work["activity"].map(lambda code: codes.code("activity", code), na_action="ignore"),
            "country": work["host_country"],
            **{name: work[name].dt.strftime("%Y-%m-%d") for name in ("starts_on", "ends_on")},
        }
    )
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([COLUMNS[name][0] for name in shown])
    writer.writerow([COLUMNS[name][1] for name in shown])
    writer.writerows(
        ["" if pd.isna(cell) else safe_text(cell) for cell in row] for row in shown.itertuples(index=False)
    )
    return buffer.getvalue().encode()
