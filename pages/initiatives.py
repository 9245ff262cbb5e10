"""Where the initiatives are: by host country, on the map, and how that has changed."""

import streamlit as st

from dashboard import view
from dashboard.i18n import _
from dashboard.topics import initiatives

visit = view.begin(
    "initiatives", _("Where are the initiatives?"), ("host_countries", "activities", "audiences", "funders", "scope")
)
one, two, three = st.columns([4, 3, 5])
choice = initiatives.Choice(
    view.choose("unit", _("Count"), initiatives.unit_names(), one),
    view.choose("counting", _("In several countries"), initiatives.counting_names(), two) == "share",
    view.choose("basis", _("Place"), initiatives.basis_names(), three),
)
found = initiatives.find(visit, choice)

view.summary(initiatives.summary(found))
part = view.part(initiatives.part_names())

if part == "where":
    bars, bubbles = st.columns(2, gap="large")
    with bars:
        view.chart(initiatives.by_country(found))
    with bubbles:
        view.chart(initiatives.on_map(found))
    view.table(initiatives.countries(found, visit))
    if unlisted := initiatives.unlisted(visit):
        view.table(unlisted)
else:
    view.chart(initiatives.history(found))
    for chart in (initiatives.mix(found, visit), initiatives.per_thousand(found, visit)):
        if chart:
            view.chart(chart)

view.about(*initiatives.notes(found))
