"""Where the initiatives are: by host country, on the map, and how that has changed."""

import streamlit as st

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import initiatives

visit = view.begin(
    "initiatives", _("Where are the initiatives?"), ("host_countries", "activities", "audiences", "funders")
)
found = initiatives.find(visit)

view.summary(initiatives.summary(found))
bars, bubbles = st.columns(2, gap="large")
with bars:
    view.chart(initiatives.by_country(found))
with bubbles:
    view.chart(initiatives.on_map(found))
view.chart(initiatives.history(found))
if unlisted := initiatives.unlisted(visit):
    view.table(unlisted)

view.about(
    _("Counts what partners registered, not everything that exists."),
    _("Initiatives in several countries are counted in each."),
    initiatives.reconciled(found),
)
